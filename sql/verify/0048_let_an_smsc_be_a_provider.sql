-- An SMSC is a provider, with a login and options that the driver knows; no other driver gets its address.
insert into sms_provider (id, name, driver, url, credentials, options)
values (-1, 'verification', 'smpp', 'smpps://smsc.example.net:3550',
        '{"system_id": "${env:SMSC_USER}", "password": "${file:smsc}"}', '{"source_ton": "5"}');
do $$
begin
    begin
        update sms_provider set driver = 'http' where id = -1;
        raise exception 'the driver http was given an SMSC';
    exception when check_violation then null;
    end;
    begin
        update sms_provider set options = '{"ton": "5"}' where id = -1;
        raise exception 'an option that no driver knows was stored';
    exception when check_violation then null;
    end;
    begin
        update sms_provider set credentials = '{}' where id = -1;
        raise exception 'an SMSC without a login was stored';
    exception when check_violation then null;
    end;
end
$$;
