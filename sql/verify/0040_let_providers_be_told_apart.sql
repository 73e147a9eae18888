-- A credential is a reference, never the secret; a rule has a reason.
insert into sms_provider (id, name, driver, url, credentials)
values (-1, 'verification', 'esms', 'https://example.net/', '{"api_key": "${env:ESMS_API_KEY}", "secret_key": "${file:esms}"}');
do $$
begin
    begin
        update sms_provider set credentials = '{"api_key": "s3cr3t"}' where id = -1;
        raise exception 'a secret was stored';
    exception when check_violation then null;
    end;
    begin
        insert into sms_reply_rule (provider_id, position, http_status, means, reason) values (-1, 1, 200, 'failed', ' ');
        raise exception 'a rule without a reason was stored';
    exception when check_violation then null;
    end;
    if exists (select from notification_attempt where fate is not null) then
        raise exception 'an attempt has a fate that nobody wrote down';
    end if;
end
$$;
