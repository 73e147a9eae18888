-- Only who can be asked is asked; nobody is until somebody says so.
insert into sms_provider (id, name, driver, url) values (-1, 'verification', 'twilio', 'https://example.net/');
update sms_provider set on_unknown = 'query', ask_after_seconds = 60 where id = -1;
do $$
begin
    begin
        update sms_provider set driver = 'speedsms' where id = -1;
        raise exception 'a provider is asked that cannot be';
    exception when check_violation then null;
    end;
    if exists (select from sms_provider where id > 0 and (on_unknown = 'query' or ask_after_seconds is not null)) then
        raise exception 'a provider is asked that nobody wanted asked';
    end if;
end
$$;
