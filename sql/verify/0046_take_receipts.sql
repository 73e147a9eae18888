-- A receipt moves what was accepted, waits for what is not recorded yet, and takes nothing back that arrived.
insert into call (id, node, instance, sip_call_id, arrived_at, outcome) values ('v', 'v', 'v', 'v', now(), 'missed');
insert into notification (id, call_id, tenant_id, member_id, member_number, kind, state, called_at)
values (-1, 'v', 1, 1, '+84844441909', 'missed', 'queued', now());
do $$
declare
    did text;
begin
    update notification set state = 'sending' where id = -1;
    insert into notification_attempt (id, notification_id, provider_id, request_id) values (-1, -1, -1, 'r');
    select effect into did from take_receipt(-1, 'm', null, 'delivered', null, '{}');
    assert did = 'waiting', 'a receipt did something before its request was known: ' || did;
    update notification_attempt set message_id = 'm' where id = -1;
    assert (select state from notification where id = -1) = 'sending', 'a receipt went before the record';
    update notification set state = 'accepted' where id = -1;
    assert (select state from notification where id = -1) = 'delivered', 'a receipt that waited was forgotten';
    select effect into did from take_receipt(-1, null, 'r', 'failed', null, '{}');
    assert did = 'contradicted', 'what arrived was taken back: ' || did;
end
$$;
