-- Each view names who does not ring.
insert into plan (id, name) values (-1, 'verification');
insert into tenant (id, name, brand, plan_id) values (-1, 'one', 'v', -1);
insert into hotline (id, tenant_id, number, outbound_allowed) values (-1, -1, '02727777787', false);
insert into external_group (id, tenant_id, name, outbound_hotline_id) values (-1, -1, 'v', -1);
insert into group_member (id, group_id, number) values (-1, -1, '+841900123456');
do $$
begin
    if (select reason from member_check where member_id = -1) not like '%premium%'
        or (select reason from group_check where group_id = -1) not like '%may not call out%'
        or (select reason from hotline_check where hotline_id = -1) <> 'the hotline has no group' then
        raise exception 'the checks do not say what does not ring';
    end if;
end
$$;
