-- Overlaps are refused with both rows named, what only touches is not; a group is of the hotline's tenant.
insert into plan (id, name) values (-1, 'verification');
insert into tenant (id, name, brand, plan_id) values (-1, 'one', 'v', -1), (-2, 'two', 'v', -1);
insert into hotline (id, tenant_id, number) values (-1, -1, '02727777787'), (-2, -2, '02727777788');
insert into external_group (id, tenant_id, name, outbound_hotline_id) values (-1, -1, 'v', -1), (-2, -2, 'v', -2);
insert into hotline_slot (id, hotline_id, weekday, from_time, until_time, external_group_id)
values (-1, -1, 1, '08:00', '12:00', -1), (-2, -1, 1, '12:00', '24:00', null), (-3, -2, 1, '08:00', '12:00', -2);
insert into hotline_special_day (id, hotline_id, day) values (-1, -1, '2027-02-06'), (-2, -1, '2027-02-07');
do $$
begin
    begin
        insert into hotline_slot (id, hotline_id, weekday, from_time, until_time) values (-4, -1, 1, '11:00', '11:30');
        raise exception 'two slots overlap';
    exception when exclusion_violation then
        if sqlerrm not like '%hotline_slot -4 %overlaps hotline_slot -1 %' then
            raise exception 'the overlap is not told in words: %', sqlerrm;
        end if;
    end;
    begin
        insert into hotline_special_day (id, hotline_id, day, from_time) values (-4, -1, '2027-02-07', '23:59');
        raise exception 'two special days overlap';
    exception when exclusion_violation then
        if sqlerrm not like '%hotline_special_day -4 %overlaps hotline_special_day -2 %' then
            raise exception 'the overlap is not told in words: %', sqlerrm;
        end if;
    end;
    begin
        update hotline_slot set external_group_id = -2 where id = -1;
        raise exception 'a slot rings another tenant''s group';
    exception when foreign_key_violation then null;
    end;
    if slot_seconds(-1, 1, '08:00', '12:00') && slot_seconds(-2, 1, '08:00', '12:00') then
        raise exception 'slots of two hotlines overlap';
    end if;
end
$$;
