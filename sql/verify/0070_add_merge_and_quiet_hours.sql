-- A missed call waits for further ones; a night crosses midnight, by the tenant's clock; an answered call waits for nothing.
insert into plan (id, name) values (-1, 'verification');
insert into tenant (id, name, brand, plan_id, merge_seconds) values (-1, 'one', 'v', -1, 300);
insert into call (id, node, instance, sip_call_id, arrived_at, outcome) values ('v', 'v', 'v', 'v', now(), 'missed');
insert into notification (id, call_id, tenant_id, member_id, member_number, kind, state, called_at, caller_number)
values (-1, 'v', -1, 1, '+84844441909', 'missed', 'queued', now(), '+84909789846'),
       (-2, 'v', -1, 1, '+84844441910', 'answered', 'queued', now(), '+84909789846');
do $$
begin
    if (select (merge_until, next_attempt_at) from notification where id = -1)
            is distinct from (now() + interval '5 min', timestamptz 'infinity')
        or (select next_attempt_at from notification where id = -2) > now()
        or quiet_ends('2026-01-01 23:00+07', 'Asia/Ho_Chi_Minh', '22:00', '06:30') <> '2026-01-02 06:30+07'
        or quiet_ends('2026-01-01 06:30+07', 'Asia/Ho_Chi_Minh', '22:00', '06:30') is not null then
        raise exception 'a missed call does not wait, or an answered one does, or a night ends at another time';
    end if;
end
$$;
