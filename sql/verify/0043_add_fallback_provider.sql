-- What is queued knows who is to send it, and who else; a fallback is another one.
insert into plan (id, name) values (-1, 'verification');
insert into sms_provider (id, name, url) values (-1, 'first', 'https://example.net/'), (-2, 'second', 'https://example.net/');
insert into tenant (id, name, brand, plan_id, sms_provider_id, sms_fallback_provider_id)
values (-1, 'verification', 'v', -1, -1, -2);
insert into call (id, node, instance, sip_call_id, arrived_at, outcome) values ('v', 'v', 'v', 'v', now(), 'missed');
insert into notification (id, call_id, tenant_id, member_id, member_number, kind, state, called_at)
values (-1, 'v', -1, 1, '+84844441909', 'missed', 'queued', now());
do $$
begin
    if (select (provider_id, fallback_provider_id) from notification where id = -1) is distinct from (-1::bigint, -2::bigint) then
        raise exception 'a queued notification does not know its providers';
    end if;
    begin
        update tenant set sms_fallback_provider_id = -1 where id = -1;
        raise exception 'a provider is its own fallback';
    exception when check_violation then null;
    end;
    if exists (select from notification n join tenant t on t.id = n.tenant_id
               where n.state in ('queued', 'sending') and n.provider_id is distinct from t.sms_provider_id) then
        raise exception 'a waiting notification was left without its provider';
    end if;
end
$$;
