-- By default nobody is told of a withheld number; a notification may be queued without one; nothing else is taken.
insert into plan (id, name) values (-1, 'verification');
insert into tenant (id, name, brand, plan_id) values (-1, 'v', 'v', -1);
insert into call (id, node, instance, sip_call_id, arrived_at, outcome) values ('v', 'v', 'v', 'v', now(), 'missed');
insert into notification (id, call_id, tenant_id, member_id, member_number, kind, state, called_at)
values (-1, 'v', -1, 1, '+84844441909', 'missed', 'queued', now());
do $$
begin
    if exists (select from tenant where id = -1 and withheld_sms <> 'none')
        or exists (select from call where id = 'v' and withheld_sms <> 'none') then
        raise exception 'members are told of withheld numbers without anybody having asked for it';
    end if;
    update tenant set withheld_sms = 'the number' where id = -1;
    raise exception 'a choice that does not exist was taken';
exception when check_violation then null;
end
$$;
