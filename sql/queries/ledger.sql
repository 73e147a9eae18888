-- The ledger writer's statements (kemi/ledger/store.py). Rows come as one JSON parameter; times as µs since the epoch.

-- name: register_files
insert into spool_file (node, file, instance)
select node, file, instance
from json_to_recordset(%(files)s::json) as f (node text, file text, instance text)
on conflict (node, file) do nothing

-- name: offsets
select s.node, s.file, s.byte_offset, s.finished_at is not null
from json_to_recordset(%(files)s::json) as f (node text, file text)
join spool_file s using (node, file)

-- name: lock_offsets
-- In one order, so that two writers wait for each other instead of embracing.
select s.node, s.file, s.byte_offset
from spool_file s
where (s.node, s.file) in (select node, file from json_to_recordset(%(files)s::json) as f (node text, file text))
order by s.node, s.file
for update

-- name: move_offsets
update spool_file s
set byte_offset = f.byte_offset
from json_to_recordset(%(files)s::json) as f (node text, file text, byte_offset bigint)
where (s.node, s.file) = (f.node, f.file)

-- name: insert_events
-- Not of a call that is purged: a late event must not bring half of it back.
insert into call_event (event_id, call_id, kind, at, mono_ns, instance, node, body)
select event_id, call_id, kind, timestamptz 'epoch' + at_us * interval '1 microsecond', mono_ns, instance, node, body
from json_to_recordset(%(events)s::json) as e (
    event_id text, call_id text, kind text, at_us bigint, mono_ns bigint, instance text, node text, body jsonb
)
where not exists (select from call c where c.id = e.call_id and c.purged_at is not null)
on conflict (event_id) do nothing

-- name: insert_dead_letters
insert into dead_letter (node, file, byte_offset, line, why)
select node, file, byte_offset, line, why
from json_to_recordset(%(letters)s::json) as d (node text, file text, byte_offset bigint, line text, why text)
on conflict (node, file, byte_offset) do nothing

-- name: lock_calls
-- Two writers may hold events of one call (a BYE that went through another edge): they fold it one after the other.
select pg_advisory_xact_lock(%(room)s, bucket)
from (select bucket from unnest(%(buckets)s::int[]) as b (bucket) order by bucket) as ordered

-- name: events_of_calls
select call_id, event_id, kind, (extract(epoch from at) * 1000000)::bigint, mono_ns, instance, body::text
from call_event
where call_id = any (%(calls)s)

-- name: upsert_calls
insert into call as c (
    id, node, instance, tenant_id, trunk_id, hotline_id, hotline_number, dialled, group_id, outbound_number,
    caller_number, caller_withheld, sip_call_id, arrived_at, ring_seconds, notify_members, notify_missed, withheld_sms,
    outcome, reason, final_code, answered_leg, answered_at, ended_at, ended_by, ring_ms, talk_ms, min_talk_seconds,
    false_answer, confirm_at, confirm_mono_ns
)
select id, node, instance, tenant_id, trunk_id, hotline_id, hotline_number, dialled, group_id, outbound_number,
    caller_number, caller_withheld, sip_call_id, timestamptz 'epoch' + arrived_us * interval '1 microsecond',
    ring_seconds, notify_members, notify_missed, withheld_sms, outcome, reason, final_code, answered_leg,
    timestamptz 'epoch' + answered_us * interval '1 microsecond',
    timestamptz 'epoch' + ended_us * interval '1 microsecond', ended_by, ring_ms, talk_ms,
    min_talk_seconds, false_answer, timestamptz 'epoch' + confirm_us * interval '1 microsecond', confirm_mono_ns
from json_to_recordset(%(calls)s::json) as r (
    id text, node text, instance text, tenant_id bigint, trunk_id bigint, hotline_id bigint, hotline_number text,
    dialled text, group_id bigint, outbound_number text, caller_number text, caller_withheld boolean,
    sip_call_id text, arrived_us bigint, ring_seconds int, notify_members boolean, notify_missed text,
    withheld_sms text, outcome text, reason text, final_code int, answered_leg int, answered_us bigint,
    ended_us bigint, ended_by text, ring_ms int, talk_ms int, min_talk_seconds int, false_answer boolean,
    confirm_us bigint, confirm_mono_ns bigint
)
on conflict (id) do update
set outcome = excluded.outcome, reason = excluded.reason, final_code = excluded.final_code,
    answered_leg = excluded.answered_leg, answered_at = excluded.answered_at, ended_at = excluded.ended_at,
    ended_by = excluded.ended_by, ring_ms = excluded.ring_ms, talk_ms = excluded.talk_ms,
    false_answer = excluded.false_answer, confirm_at = excluded.confirm_at, confirm_mono_ns = excluded.confirm_mono_ns
where (
        c.outcome, c.reason, c.final_code, c.answered_leg, c.answered_at, c.ended_at, c.ended_by, c.ring_ms, c.talk_ms,
        c.false_answer, c.confirm_at, c.confirm_mono_ns
    )
    is distinct from (
        excluded.outcome, excluded.reason, excluded.final_code, excluded.answered_leg, excluded.answered_at,
        excluded.ended_at, excluded.ended_by, excluded.ring_ms, excluded.talk_ms, excluded.false_answer,
        excluded.confirm_at, excluded.confirm_mono_ns
    )

-- name: upsert_legs
insert into call_leg as l (
    call_id, leg, attempt, member_id, member_number, gateway_id, outcome, reason, code,
    offered_at, rang_at, answered_at, ended_at, can_text
)
select call_id, leg, attempt, member_id, member_number, gateway_id, outcome, reason, code,
    timestamptz 'epoch' + offered_us * interval '1 microsecond',
    timestamptz 'epoch' + rang_us * interval '1 microsecond',
    timestamptz 'epoch' + answered_us * interval '1 microsecond',
    timestamptz 'epoch' + ended_us * interval '1 microsecond', can_text
from json_to_recordset(%(legs)s::json) as r (
    call_id text, leg int, attempt int, member_id bigint, member_number text, gateway_id bigint, outcome text,
    reason text, code int, offered_us bigint, rang_us bigint, answered_us bigint, ended_us bigint, can_text boolean
)
on conflict (call_id, leg, attempt) do update
set gateway_id = excluded.gateway_id, outcome = excluded.outcome, reason = excluded.reason, code = excluded.code,
    offered_at = excluded.offered_at, rang_at = excluded.rang_at, answered_at = excluded.answered_at,
    ended_at = excluded.ended_at
where (l.gateway_id, l.outcome, l.reason, l.code, l.offered_at, l.rang_at, l.answered_at, l.ended_at)
    is distinct from (
        excluded.gateway_id, excluded.outcome, excluded.reason, excluded.code, excluded.offered_at, excluded.rang_at,
        excluded.answered_at, excluded.ended_at
    )

-- name: insert_notifications
-- "not exists" spares the trigger, and with it a wake-up of every sender, at each later fold of the call. A call older
-- than its tenant keeps SMS gets none: they may have been purged, and nobody is told twice.
insert into notification (call_id, tenant_id, member_id, member_number, kind, state, caller_number, called_at)
select r.call_id, r.tenant_id, r.member_id, r.member_number, r.kind, r.state, r.caller_number,
    timestamptz 'epoch' + r.called_us * interval '1 microsecond'
from json_to_recordset(%(notifications)s::json) as r (
    call_id text, tenant_id bigint, member_id bigint, member_number text, kind text, state text,
    caller_number text, called_us bigint
)
left join tenant t on t.id = r.tenant_id
where not exists (select from notification n where (n.call_id, n.member_number) = (r.call_id, r.member_number))
    and (t.id is null
         or timestamptz 'epoch' + r.called_us * interval '1 microsecond' >= now() - make_interval(days => t.keep_sms_days))
on conflict (call_id, member_number) do nothing

-- name: overdue_calls
select id, instance
from call
where outcome = 'ringing' and node = any (%(nodes)s)
    and arrived_at < now() - make_interval(secs => %(grace_seconds)s)
    and arrived_at + make_interval(secs => coalesce(ring_seconds, 0) + %(grace_seconds)s) < now()

-- name: ended_calls
select id from call where id = any (%(calls)s) and ended_at is not null

-- name: insert_interrupted
insert into call_event (event_id, call_id, kind, at, mono_ns, instance, node, body)
select 'interrupted.' || id, id, 'interrupted', now(), 0, instance, node, '{}'
from call
where id = any (%(calls)s)
on conflict (event_id) do nothing

-- name: answers_that_stood
-- And how many are still to stand. A call's own node decides: its clock is the one that the answer was stamped by.
select coalesce(array_agg(id) filter (where stood), '{}'), count(*) filter (where not stood)
from (
    select id, case
        when confirm_mono_ns is not null and instance ~ ('-' || %(boot)s || '-[0-9]+$') then confirm_mono_ns <= %(mono_ns)s
        else confirm_at <= timestamptz 'epoch' + %(at_us)s * interval '1 microsecond'
    end as stood
    from call
    where confirm_at is not null and purged_at is null and node = any (%(nodes)s)
) as waiting

-- name: insert_stood
-- Not where the end has been read meanwhile.
insert into call_event (event_id, call_id, kind, at, mono_ns, instance, node, body)
select 'stood.' || id, id, 'stood', now(), 0, instance, node, '{}'
from call
where id = any (%(calls)s) and confirm_at is not null and purged_at is null
on conflict (event_id) do nothing

-- name: finish_files
update spool_file s
set finished_at = now()
where (s.node, s.file) in (select node, file from json_to_recordset(%(files)s::json) as f (node text, file text))
    and s.finished_at is null

-- name: files_to_delete
select s.file
from json_to_recordset(%(files)s::json) as f (node text, file text)
join spool_file s using (node, file)
where s.finished_at < now() - make_interval(days => %(keep_days)s)

-- name: want_recordings
insert into recording (call_id, node, keep_days)
select call_id, node, keep_days
from json_to_recordset(%(calls)s::json) as r (call_id text, node text, keep_days int)
on conflict (call_id) do nothing
