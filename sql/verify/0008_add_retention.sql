-- A call that rings is not over, one whose BYE never came is after 8 days; what is purged holds no number.
insert into call (id, node, instance, sip_call_id, arrived_at, outcome, ended_at, caller_number) values
    ('v1', 'v', 'v', 'v', now() - interval '9 years', 'ringing', null, null),
    ('v2', 'v', 'v', 'v', now() - interval '7 days', 'answered', null, null),
    ('v3', 'v', 'v', 'v', now() - interval '9 days', 'answered', null, null),
    ('v4', 'v', 'v', 'v', now(), 'answered', now(), '+84909789846');
do $$
begin
    if array(select id from call c where id like 'v_' and call_is_over(c) order by id) <> '{v3,v4}' then
        raise exception 'call_is_over does not tell a call that is over';
    end if;
    update call set purged_at = now(), sip_call_id = '' where id = 'v4';
    raise exception 'a purged call still has its caller''s number';
exception when check_violation then null;
end
$$;
