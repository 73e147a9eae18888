-- A missed call is in every view, with its SMS, and in the report of its day.
insert into call (id, node, instance, sip_call_id, arrived_at, ended_at, outcome, ring_ms)
values ('v', 'v', 'v', 'v', '2026-01-01 23:30+07', '2026-01-01 23:30:10+07', 'missed', 10000);
insert into call_leg (call_id, leg, attempt, member_id, member_number, outcome, offered_at)
values ('v', 0, 0, 1, '+84844441909', 'no_answer', '2026-01-01 23:30+07');
insert into notification (id, call_id, tenant_id, member_id, member_number, kind, state, called_at)
values (-1, 'v', 1, 1, '+84844441909', 'missed', 'queued', '2026-01-01 23:30+07');
do $$
begin
    if (select array_agg(step order by at, turn) from call_ladder where call_id = 'v')
            <> array['arrived', 'offered', 'no_answer', 'missed', 'queued']
        or not exists (select from call_line where call_id = 'v' and offered = 1 and sms = '1 queued')
        or (select state from sms_line where call_id = 'v') <> 'queued'
        or not exists (select from daily_report('2026-01-01', '2026-01-01') where missed >= 1) then
        raise exception 'the views do not show a missed call';
    end if;
end
$$;
