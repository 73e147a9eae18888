-- What an earlier request may have brought does not go to the second provider; a receipt knows what a sender that died did not say.
insert into sms_provider (id, name, url, on_unknown)
values (-1, 'verification', 'https://example.net/', 'hold'), (-2, 'its second', 'https://example.net/', 'retry');
insert into call (id, node, instance, sip_call_id, arrived_at, outcome) values ('v', 'v', 'v', 'v', now(), 'missed');
insert into notification (id, call_id, tenant_id, member_id, member_number, kind, state, called_at)
values (-1, 'v', 1, 1, '+84844441909', 'missed', 'queued', now()), (-2, 'v', 1, 2, '+84844441910', 'missed', 'queued', now());
update notification set provider_id = -1, fallback_provider_id = -2 where id in (-1, -2);
do $$
begin
    update notification set state = 'sending' where id in (-1, -2);
    insert into notification_attempt (id, notification_id, provider_id, message_id, fate)
    values (-3, -1, -1, null, 'unknown'), (-2, -1, -1, 'm', 'accepted'), (-1, -2, -1, 'l', null);
    update notification set state = 'accepted' where id = -1;
    perform take_receipt(-1, 'm', null, 'failed', null, '{}');
    assert (select (state, provider_id) from notification where id = -1) is not distinct from row ('failed'::text, -1::bigint),
        'what the first may have brought went to the second';
    update notification set state = 'queued' where id = -2;
    perform take_receipt(-1, 'l', null, 'accepted', null, '{}');
    assert (select state from notification where id = -2) = 'accepted', 'what was taken is sent again';
    assert (select fate from notification_attempt where id = -1) = 'accepted', 'nobody knows what the receipt said';
end
$$;
