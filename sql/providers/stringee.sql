-- Stringee: SMS under a registered brandname. NOT VERIFIED against a live account.
--
-- Set for the sender: STRINGEE_KEY_SID, STRINGEE_KEY_SECRET. Set sms_provider.sender to the brandname.
--
-- Login, fields, reply  https://developer.stringee.com/docs/stringee-sms-rest-api: X-STRINGEE-AUTH, an HS256 token of the key;
--                       {"smsSent": 1, "result": [{"r": 0, "msg": …, "price": …, "smsType": …}]}
-- What each r means is not documented: another r than 0 is tried again. The reply has no id of the message, and Stringee knows
-- no repetition: on_unknown = hold is worth a thought.
insert into sms_provider (name, driver, url, headers, body_template, success_pattern, credentials, options)
values (
    'Stringee', 'http', 'https://api.stringee.com/v1/sms',
    '{"X-STRINGEE-AUTH": "{jwt}", "Accept": "application/json"}',
    '{"sms": [{"from": "{sender}", "to": "{to_international}", "text": "{text}"}]}',
    '"smsSent"\s*:\s*"?[1-9][\s\S]*"r"\s*:\s*"?0"?\s*[,}]',
    '{"jwt_issuer": "${env:STRINGEE_KEY_SID}", "jwt_key": "${env:STRINGEE_KEY_SECRET}"}',
    '{"jwt_header": "{\"cty\": \"stringee-api;v=1\"}", "jwt_claims": "{\"rest_api\": true}"}'
) on conflict (name) do nothing;
