-- A text with an unknown field is refused; the defaults are one SMS each, and what is accepted costs its segments.
insert into plan (id, name) values (-1, 'verification');
insert into sms_provider (id, name, url, segment_price) values (-1, 'verification', 'http://x', 0.5);
insert into tenant (id, name, brand, plan_id, sms_provider_id) values (-1, 'one', 'Brand', -1, -1);
insert into call (id, node, instance, sip_call_id, arrived_at, outcome) values ('v', 'v', 'v', 'v', now(), 'missed');
insert into notification (id, call_id, tenant_id, member_id, member_number, kind, state, called_at, segments)
values (-1, 'v', -1, 1, '+84844441909', 'missed', 'queued', now(), 2);
insert into notification_attempt (id, notification_id, provider_id) values (-1, -1, -1);
update notification_attempt set fate = 'accepted' where id = -1;
do $$
begin
    if exists (select from sms_template_check where tenant_id = -1 and (segments, alphabet, warning) is distinct from (1, 'gsm'::text, null::text))
        or (select cost from notification_attempt where id = -1) <> 1.0 then
        raise exception 'the default texts are more than one SMS, or two segments do not cost two';
    end if;
    begin
        insert into sms_template (tenant_id, kind, text) values (-1, 'missed', 'Call {number}');
        raise exception 'a text with an unknown field was taken';
    exception when check_violation then null;
    end;
end
$$;
