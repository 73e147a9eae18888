-- A digit too few is told as such.
insert into plan (id, name) values (-1, 'verification');
insert into tenant (id, name, brand, plan_id) values (-1, 'one', 'v', -1);
insert into hotline (id, tenant_id, number) values (-1, -1, '02727777787');
insert into external_group (id, tenant_id, name, outbound_hotline_id) values (-1, -1, 'v', -1);
insert into group_member (id, group_id, number) values (-1, -1, '090123456'), (-2, -1, '+841900123456');
do $$
begin
    if (select reason from member_check where member_id = -1) not like '%a digit is missing%'
        or (select reason from member_check where member_id = -2) not like '%premium%' then
        raise exception 'a slip in a number is not told';
    end if;
end
$$;
