-- A notification goes queued → sending → accepted and then nowhere; there is one per call and member.
insert into call (id, node, instance, sip_call_id, arrived_at, outcome) values ('v', 'v', 'v', 'v', now(), 'missed');
insert into notification (id, call_id, tenant_id, member_id, member_number, kind, state, called_at)
select -copy, 'v', 1, 1, '+84844441909', 'missed', 'queued', now() from generate_series(1, 2) as copy
on conflict (call_id, member_number) do nothing;
update notification set state = 'sending' where call_id = 'v';
update notification set state = 'accepted' where call_id = 'v';
do $$
begin
    update notification set state = 'queued' where call_id = 'v';
    raise exception 'an accepted notification was queued again';
exception when check_violation then null;
end
$$;
