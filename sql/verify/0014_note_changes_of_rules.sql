-- Each table of rules leaves lines on insert, update, delete and truncate, under the key that its record has.
do $$
declare
    missing text;
begin
    select string_agg(format('%s on %s', trigger_name, table_name), ', ') into missing
    from (values ('plan_destination'), ('tenant_destination'), ('gateway_prefix'), ('member_hours'), ('hotline_slot'),
                 ('hotline_special_day')) as watched (table_name),
         (values ('note_insert'), ('note_update'), ('note_delete'), ('note_truncate')) as wanted (trigger_name)
    where not exists (select from pg_trigger where tgrelid = table_name::regclass and tgname = trigger_name and tgenabled = 'O');
    if missing is not null then
        raise exception 'not there: %', missing;
    end if;
    insert into plan (id, name) values (-1, 'verification');
    insert into tenant (id, name, brand, plan_id) values (-1, 'one', 'v', -1);
    insert into hotline (id, tenant_id, number) values (-1, -1, '02727777787');
    insert into hotline_slot (hotline_id, weekday, from_time, until_time) values (-1, 1, '08:00', '12:00');
    insert into hotline_special_day (hotline_id, day) values (-1, '2027-02-06');
    if (select count(*) from routing_change where kind = 'hotline' and key = -1 and xid = pg_current_xact_id()) <> 2 then
        raise exception 'routing_change does not tell of a schedule';
    end if;
end
$$;
