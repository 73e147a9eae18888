-- Each configuration table leaves lines on insert, update, delete and truncate; one statement, one line per key.
do $$
declare
    missing text;
begin
    select string_agg(format('%s on %s', trigger_name, table_name), ', ') into missing
    from (values ('plan'), ('tenant'), ('trunk'), ('trunk_address'), ('gateway'), ('gateway_number'), ('hotline'),
                 ('external_group'), ('group_member')) as watched (table_name),
         (values ('note_insert'), ('note_update'), ('note_delete'), ('note_truncate')) as wanted (trigger_name)
    where not exists (select from pg_trigger where tgrelid = table_name::regclass and tgname = trigger_name and tgenabled = 'O');
    if missing is not null then
        raise exception 'not there: %', missing;
    end if;
    insert into plan (id, name) values (-1, 'verification'), (-2, 'verification too');
    update plan set max_members = 5 where name like 'verification%';
    delete from plan where name like 'verification%';
    if (select count(*) from routing_change where kind = 'plan' and xid = pg_current_xact_id()) <> 6 then
        raise exception 'routing_change does not tell what happened to two plans';
    end if;
end
$$;
