-- What waits grows old later, also when it is queued again; a receipt of an earlier request settles nothing.
insert into plan (id, name) values (-1, 'verification');
insert into tenant (id, name, brand, plan_id, merge_seconds, sms_give_up_seconds) values (-1, 'one', 'v', -1, 300, 60);
insert into sms_provider (id, name, url) values (-1, 'verification', 'https://example.net/');
insert into call (id, node, instance, sip_call_id, arrived_at, outcome) values ('v', 'v', 'v', 'v', now(), 'missed');
insert into notification (id, call_id, tenant_id, member_id, member_number, kind, state, called_at, caller_number)
values (-1, 'v', -1, 1, '+84844441909', 'missed', 'queued', now() - interval '1 s', '+84909789846');
do $$
begin
    assert (select ages_from = called_at + interval '5 min' and expires_at = ages_from + interval '1 min' from notification where id = -1),
        'it grows old while it waits';
    update notification set state = 'expired' where id = -1;
    update notification set state = 'queued' where id = -1;
    assert (select expires_at = called_at + interval '6 min' from notification where id = -1), 'it forgets that it waited';
    update notification set state = 'sending' where id = -1;
    insert into notification_attempt (id, notification_id, provider_id, message_id) values (-2, -1, -1, 'm'), (-1, -1, -1, null);
    perform take_receipt(-1, 'm', null, 'accepted', null, '{}');
    assert not receipt_settles(-1), 'an earlier request says what became of the last';
    perform take_receipt(-1, 'm', null, 'delivered', null, '{}');
    assert receipt_settles(-1), 'what arrived is not settled';
end
$$;
