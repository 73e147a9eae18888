-- VietGuys: SMS under a registered brandname (CSKH). NOT VERIFIED against a live account.
--
-- Set for the sender: VIETGUYS_USER, VIETGUYS_PASSWORD (the account's code, or its access token). Give VietGuys this machine's
-- address: it answers -7 to others. Set sms_provider.sender to the brandname; the texts must be registered.
--
-- Request     https://developers.vietguys.biz/vi_1_2/#cskh: u, pwd, from, phone, sms, bid (our reference), type 0 (no accents)
-- Reply       {"error": 0, "msgid": …, "carrier": …}; else error_code and log. -7: the address is not allowed. Of the others
--             only public clients' code tells (-21: not an OTP text); what is not listed here is tried again.
-- Whether `bid` keeps VietGuys from taking a request twice is not documented: on_unknown stays yours to decide.
with new as (
    insert into sms_provider (
        name, driver, url, body_template, content_type, success_pattern, message_id_pattern
    ) values (
        'VietGuys', 'http', 'https://cloudsms.vietguys.biz:4438/api/index.php',
        'u=${env:VIETGUYS_USER}&pwd=${env:VIETGUYS_PASSWORD}&from={sender}&phone={to_international}&sms={text_unaccented}&bid={request_id}&type=0&json=1',
        'application/x-www-form-urlencoded',
        '"error"\s*:\s*"?0"?\s*[,}]', '"msgid"\s*:\s*"?([^",}\s]+)'
    ) on conflict (name) do nothing
    returning id
)
insert into sms_reply_rule (provider_id, position, http_status, pattern, means, reason)
select new.id, rule.* from new, (values
    (1, null::int, '"error_code"\s*:\s*"?-7"?\s*[,}]', 'failed', 'VietGuys does not take requests from this machine''s address: have it allowed'),
    (2, null, '"error_code"\s*:\s*"?-21"?\s*[,}]', 'failed', 'VietGuys takes only one-time codes from this account'),
    (3, null, '(?i)"log"\s*:\s*"[^"]*sender chua chinh xac', 'failed', 'VietGuys does not know the brandname (sms_provider.sender, or the tenant''s brand)')
) as rule (position, http_status, pattern, means, reason);
