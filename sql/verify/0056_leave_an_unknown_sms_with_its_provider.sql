-- What failed at the second provider begins with the first again; what it may have taken stays with it.
insert into plan (id, name) values (-1, 'verification');
insert into sms_provider (id, name, url) values (-1, 'first', 'https://example.net/'), (-2, 'second', 'https://example.net/');
insert into tenant (id, name, brand, plan_id, sms_provider_id, sms_fallback_provider_id)
values (-1, 'verification', 'v', -1, -1, -2);
insert into call (id, node, instance, sip_call_id, arrived_at, outcome) values ('v', 'v', 'v', 'v', now(), 'missed');
insert into notification (id, call_id, tenant_id, member_id, member_number, kind, state, called_at)
values (-1, 'v', -1, 1, '+84844441909', 'missed', 'queued', now()), (-2, 'v', -1, 2, '+84844441910', 'missed', 'queued', now());
update notification set provider_id = -2, fallback_provider_id = null where id < 0;
update notification set state = 'sending' where id < 0;
update notification set state = case id when -1 then 'unknown' else 'failed' end where id < 0;
update notification set state = 'queued' where id < 0;
do $$
begin
    if (select array_agg(provider_id order by id desc) from notification where id < 0) is distinct from array[-2, -1]::bigint[] then
        raise exception 'an SMS that is queued again goes to the wrong provider';
    end if;
end
$$;
