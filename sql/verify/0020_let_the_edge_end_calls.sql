-- The edge may hang up, nobody else may.
insert into call (id, node, instance, sip_call_id, arrived_at, outcome, ended_by)
values ('v1', 'v', 'v', 'v', now(), 'answered', 'edge');
do $$
begin
    update call set ended_by = 'nobody' where id = 'v1';
    raise exception 'nobody may hang up a call';
exception when check_violation then null;
end
$$;
