-- What may have been sent is never expired; a person decides. Every provider is asked again until somebody says hold.
insert into call (id, node, instance, sip_call_id, arrived_at, outcome) values ('v', 'v', 'v', 'v', now(), 'missed');
insert into notification (id, call_id, tenant_id, member_id, member_number, kind, state, called_at)
values (-1, 'v', 1, 1, '+84844441909', 'missed', 'queued', now());
update notification set state = 'sending' where id = -1;
update notification set state = 'unknown' where id = -1;
do $$
begin
    if exists (select from sms_provider where on_unknown <> 'retry') then
        raise exception 'a provider holds what nobody asked it to';
    end if;
    begin
        update notification set state = 'expired' where id = -1;
        raise exception 'a notification of unknown fate expired';
    exception when check_violation then null;
    end;
    update notification set state = 'queued' where id = -1;
end
$$;
