-- (Ids are given, so that no sequence moves.)
-- A gateway keeps the numbers it accepts as E.164, and a time zone that does not exist is refused.
insert into gateway (id, name, host) values (-1, 'verification', '192.0.2.1');
insert into gateway_number (gateway_id, number) values (-1, '0272 7777 787');
insert into plan (id, name) values (-1, 'verification');
do $$
begin
    if not exists (select from gateway_number where number = '+842727777787') then
        raise exception 'gateway_number does not keep E.164';
    end if;
    begin
        insert into tenant (id, name, brand, plan_id, time_zone) values (-1, 'v', 'v', -1, 'Mars/Olympus');
    exception when check_violation then
        return;
    end;
    raise exception 'a time zone that does not exist was taken';
end
$$;
