-- A call that rings is not over, one whose BYE never came is after 8 days.
insert into call (id, node, instance, sip_call_id, arrived_at, outcome, ended_at) values
    ('v1', 'v', 'v', 'v', now() - interval '9 years', 'ringing', null),
    ('v2', 'v', 'v', 'v', now() - interval '7 days', 'answered', null),
    ('v3', 'v', 'v', 'v', now() - interval '9 days', 'answered', null),
    ('v4', 'v', 'v', 'v', now(), 'answered', now()),
    ('v5', 'v', 'v', 'v', now(), 'missed', null);
do $$
begin
    if array(select id from call where id like 'v_' and call_is_over(outcome, ended_at, arrived_at) order by id) <> '{v3,v4,v5}' then
        raise exception 'call_is_over does not tell a call that is over';
    end if;
end
$$;
