-- One fallback at most, of the same tenant; hours end on the day they begin.
insert into plan (id, name) values (-1, 'verification');
insert into tenant (id, name, brand, plan_id) values (-1, 'one', 'v', -1), (-2, 'two', 'v', -1);
insert into hotline (id, tenant_id, number) values (-1, -1, '02727777787'), (-2, -2, '02727777788');
insert into external_group (id, tenant_id, name, outbound_hotline_id, strategy, fallback_number)
values (-1, -1, 'v', -1, 'longest_idle', '0909 789 846'), (-2, -2, 'v', -2, 'random', null);
insert into group_member (id, group_id, number) values (-1, -1, '0909789846');
insert into member_hours (member_id, weekday, from_time, until_time) values (-1, 7, '22:00', '24:00');
do $$
begin
    if (select fallback_number from external_group where id = -1) <> '+84909789846' then
        raise exception 'a fallback number is not kept as E.164';
    end if;
    begin
        update external_group set fallback_code = 480 where id = -1;
        raise exception 'a group has two fallbacks';
    exception when check_violation then null;
    end;
    begin
        update external_group set fallback_group_id = -1 where id = -2;
        raise exception 'a group falls back to another tenant''s';
    exception when foreign_key_violation then null;
    end;
    begin
        insert into member_hours (member_id, weekday, from_time, until_time) values (-1, 7, '22:00', '06:00');
        raise exception 'hours end before they begin';
    exception when check_violation then null;
    end;
end
$$;
