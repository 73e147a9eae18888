-- A tenant's word counts from the call; without one the sender's does.
insert into plan (id, name) values (-1, 'verification');
insert into tenant (id, name, brand, plan_id, sms_give_up_seconds) values (-1, 'a', 'v', -1, 600), (-2, 'b', 'v', -1, null);
insert into call (id, node, instance, sip_call_id, arrived_at, outcome) values ('v', 'v', 'v', 'v', now(), 'missed');
insert into notification (id, call_id, tenant_id, member_id, member_number, kind, state, called_at)
values (-1, 'v', -1, 1, '+84844441909', 'missed', 'queued', now()), (-2, 'v', -2, 1, '+84844441910', 'missed', 'queued', now());
do $$
begin
    if (select expires_at - called_at from notification where id = -1) is distinct from interval '10 minutes'
        or (select expires_at from notification where id = -2) is not null then
        raise exception 'a notification does not expire when its tenant says';
    end if;
end
$$;
