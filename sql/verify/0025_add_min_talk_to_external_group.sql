-- Every answer counts until somebody asks for more; only an answered call has a false answer.
insert into call (id, node, instance, sip_call_id, arrived_at, outcome) values
    ('v1', 'v', 'v', 'v', now(), 'missed'), ('v2', 'v', 'v', 'v', now(), 'answered');
update call set false_answer = true where id = 'v2';
do $$
begin
    if exists (select from external_group where min_talk_seconds <> 0)
        or exists (select from call where id = 'v1' and (min_talk_seconds <> 0 or false_answer or confirm_at is not null)) then
        raise exception 'answers have to stand without anybody having asked for it';
    end if;
    update call set false_answer = true where id = 'v1';
    raise exception 'a missed call has a false answer';
exception when check_violation then null;
end
$$;
