-- A change that only the hotline's own calls ask for is noted as its own; one that groups have to know, by the number.
insert into plan (id, name) values (-1, 'verification');
insert into tenant (id, name, brand, plan_id) values (-1, 'one', 'v', -1);
insert into hotline (id, tenant_id, number) values (-1, -1, '02727777787'), (-2, -1, '02727777788');
delete from routing_change where xid = pg_current_xact_id();
update hotline set max_calls = 3 where id = -1;
update hotline set expires_at = now() where id = -2;
do $$
begin
    if array(select kind || ' ' || key from routing_change where xid = pg_current_xact_id() order by kind)
        <> array['hotline -1', 'number 842727777788'] then
        raise exception 'routing_change does not tell the kinds of a hotline''s changes apart';
    end if;
end
$$;
