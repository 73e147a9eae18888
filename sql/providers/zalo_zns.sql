-- Zalo ZNS: a template registered with Zalo, to the member's Zalo account. NOT VERIFIED against a live account.
-- Members without Zalo, or who refuse it, need a second provider: tenant.sms_fallback_provider_id.
--
-- Register a template for each kind, with the parameters brand, caller, time, date; put their ids into options. Then give the
-- sender the access token of the Official Account as the file zalo_access_token in its SECRETS_DIR: it lives 25 hours, so have
-- it renewed by a timer (sms/zalo_token.py). The file is read anew for each message.
--
-- Request, reply  https://business.openapi.zalo.me/message/template, as in public clients: header access_token; phone 84…,
--                 template_id, template_data, tracking_id (for looking up; not against repetitions); error 0 and data.msg_id
-- Codes           https://zalo.cloud/zns/guidelines/handle-error-code (read to -112), their names in
--                 https://helpdesk.getfly.vn/web-version/interactive-blocks/questions-about-zns; the others as in public clients
-- Receipts        a webhook of the app, as in public clients: user_received_message, message.msg_id. Give the app the address
--                 RECEIPTS_URL/receipts/<sms_provider.receipt_token>, and switch on this event only: of others, what people
--                 write to the account would be kept. Zalo's signature (X-ZEvent-Signature, https://hainh.me/zalo-api-php-webhook-callback-official-account.html)
--                 is no HMAC and not checked; the address is the secret.
with new as (
    insert into sms_provider (
        name, driver, url, headers, body_template, success_pattern, message_id_pattern, options,
        receipt_status_field, receipt_reference_field, receipt_request_id_field
    ) values (
        'Zalo ZNS', 'http', 'https://business.openapi.zalo.me/message/template',
        '{"access_token": "${file:zalo_access_token}"}',
        '{"phone": "{to_international}", "template_id": "{template_id}", "template_data": {"brand": "{brand}", "caller": "{caller}", "time": "{time}", "date": "{date}"}, "tracking_id": "{request_id}"}',
        '"error"\s*:\s*0\s*[,}]', '"msg_id"\s*:\s*"([^"]+)"',
        '{"template_id_missed": "000000", "template_id_answered": "000000"}',
        'event_name', 'message.msg_id', 'message.tracking_id'
    ) on conflict (name) do nothing
    returning id
), receipts as (
    insert into sms_receipt_rule (provider_id, value, means, reason)
    select id, 'user_received_message', 'delivered', 'the member''s Zalo has it' from new
)
insert into sms_reply_rule (provider_id, position, http_status, pattern, means, reason)
select new.id, rule.position, null, format('"error"\s*:\s*(?:%s)\s*[,}]', rule.codes), rule.means, rule.reason
from new, (values
    (1, '-118', 'elsewhere', 'nobody has a Zalo account with the member''s number'),
    (2, '-114|-119|-110', 'elsewhere', 'the member''s Zalo cannot receive it: inactive, too old, or he refuses'),
    (3, '-139|-140|-141', 'elsewhere', 'the member refuses such messages on Zalo'),
    (4, '-133', 'elsewhere', 'Zalo does not deliver this template at night'),
    (5, '-144|-147|-126', 'elsewhere', 'the Official Account has sent as many as Zalo allows in a day'),
    (6, '-108', 'elsewhere', 'Zalo finds the member''s number invalid'),
    (7, '-115|-137', 'balance', 'the Zalo account has not enough balance: top it up'),
    (8, '-124|-216|-220', 'down', 'Zalo does not know the access token, or it has run out: renew the file zalo_access_token'),
    (9, '-109|-111|-112|-113|-116|-117|-131|-132|-1121|-1122', 'elsewhere', 'Zalo does not take the template or its parameters: look at template_id_… in options'),
    (10, '-10[1-6]|-120|-127|-135|-136', 'elsewhere', 'Zalo does not let this app or Official Account send: look at its rights'),
    (11, '-100', 'again', 'Zalo has an error that it does not know')
) as rule (position, codes, means, reason);
