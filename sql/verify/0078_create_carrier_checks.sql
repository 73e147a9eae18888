-- Each view names what no call comes through.
insert into plan (id, name) values (-1, 'verification');
insert into tenant (id, name, brand, plan_id) values (-1, 'one', 'v', -1);
insert into hotline (id, tenant_id, number) values (-1, -1, '02727777787');
insert into external_group (id, tenant_id, name, outbound_hotline_id) values (-1, -1, 'v', -1);
insert into trunk (id, name) values (-1, 'v');
insert into gateway (id, name, host) values (-1, 'v', '127.0.0.1');
do $$
begin
    if (select reason from trunk_check where trunk_id = -1) not like '%no address%'
        or (select reason from gateway_check where gateway_id = -1) not like '%no number%'
        or not exists (select from unreached_group where group_id = -1) then
        raise exception 'the checks do not say what no call comes through';
    end if;
end
$$;
