-- What failed goes to the second provider, once; what arrived does not.
insert into sms_provider (id, name, url) values (-1, 'verification', 'https://example.net/'), (-2, 'its second', 'https://example.net/');
insert into call (id, node, instance, sip_call_id, arrived_at, outcome) values ('v', 'v', 'v', 'v', now(), 'missed');
insert into notification (id, call_id, tenant_id, member_id, member_number, kind, state, called_at)
values (-1, 'v', 1, 1, '+84844441909', 'missed', 'queued', now());
update notification set provider_id = -1, fallback_provider_id = -2 where id = -1;
do $$
begin
    update notification set state = 'sending' where id = -1;
    insert into notification_attempt (id, notification_id, provider_id, message_id) values (-1, -1, -1, 'm');
    update notification set state = 'accepted' where id = -1;
    perform take_receipt(-1, 'm', null, 'failed', null, '{}');
    assert (select (state, provider_id, fallback_provider_id) from notification where id = -1) is not distinct from
        row ('queued'::text, -2::bigint, null::bigint), 'what failed was given up';
    perform take_receipt(-1, 'm', null, 'delivered', null, '{}');
    assert (select state from notification where id = -1) = 'delivered', 'what arrived is sent again';
end
$$;
