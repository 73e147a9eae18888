-- What was taken is queued again for another provider only.
insert into call (id, node, instance, sip_call_id, arrived_at, outcome) values ('v', 'v', 'v', 'v', now(), 'missed');
insert into notification (id, call_id, tenant_id, member_id, member_number, kind, state, called_at)
values (-1, 'v', -1, 1, '+84844441909', 'missed', 'queued', now());
update notification set state = 'sending', provider_id = -1 where id = -1;
update notification set state = 'accepted' where id = -1;
do $$
begin
    begin
        update notification set state = 'queued' where id = -1;
        raise exception 'an accepted notification was queued again for the same provider';
    exception when check_violation then null;
    end;
    update notification set state = 'queued', provider_id = -2 where id = -1;
end
$$;
