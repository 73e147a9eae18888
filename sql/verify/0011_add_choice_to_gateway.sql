-- Prefixes in every spelling; a proxy is an address.
insert into gateway (id, name, host) values (-1, 'verification', '192.0.2.1');
insert into gateway_prefix (gateway_id, prefix) values (-1, '098'), (-1, '00 1'), (-1, '8497'), (-1, '+');
update gateway set outbound_proxy = '192.0.2.1:5070' where id = -1;
update gateway set outbound_proxy = '[2001:db8::1]:5070' where id = -1;
do $$
begin
    if (select array_agg(prefix order by prefix) from gateway_prefix where gateway_id = -1) <> array['+', '+1', '+8497', '+8498'] then
        raise exception 'prefixes are not kept as those of E.164';
    end if;
    begin
        update gateway set outbound_proxy = 'sip.example.net' where id = -1;
        raise exception 'a proxy is a name';
    exception when check_violation then null;
    end;
end
$$;
