-- A late answer ends what another sender was asking; what a sender holds is not queued by hand.
insert into sms_provider (id, name, url) values (-1, 'verification', 'https://example.net/');
insert into call (id, node, instance, sip_call_id, arrived_at, outcome) values ('v', 'v', 'v', 'v', now(), 'missed');
insert into notification (id, call_id, tenant_id, member_id, member_number, kind, state, called_at)
select n, 'v', 1, n, '+8484444191' || -n, 'missed', 'queued', now() from generate_series(-2, -1) n;
do $$
begin
    update notification set state = 'sending', lease_until = now() where id < 0;
    insert into notification_attempt (id, notification_id, provider_id, message_id, fate, started_at, finished_at)
    values (-4, -1, -1, 'm', 'accepted', now() - interval '1 min', now()), (-3, -1, -1, null, null, now() - interval '1 s', null),
        (-2, -2, -1, 'm', 'accepted', now() - interval '1 min', now() - interval '2 s'), (-1, -2, -1, null, null, now() - interval '1 s', null);
    begin
        update notification set state = 'queued' where id = -2;
        raise exception 'what a sender holds is queued';
    exception when check_violation then null;
    end;
    update notification set state = 'queued', lease_until = null where id < 0;
    assert (select (state, provider_message_id) from notification where id = -1) = ('accepted'::text, 'm'::text), 'what was taken is sent again';
    assert (select state from notification where id = -2) = 'queued', 'what was taken long before is taken for it';
end
$$;
