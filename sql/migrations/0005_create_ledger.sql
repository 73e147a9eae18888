-- why:      what happened: the events as the edges wrote them, and the calls and legs folded from them.
-- when:     after 0004; refers to no configuration, because the ledger outlives it.
-- locks:    none that anybody waits for.
-- requires: PostgreSQL 15.

create table call_event (
    event_id text primary key,
    call_id text not null,
    kind text not null,
    at timestamptz not null,
    mono_ns bigint not null,
    instance text not null,
    node text not null,
    body jsonb not null
);
comment on table call_event is 'The events of the spool, word for word; calls and legs are folded from them, in any order.';
comment on column call_event.event_id is 'Spool file and sequence: unique for ever, so that an event read twice counts once.';
comment on column call_event.call_id is 'The call: call.id.';
comment on column call_event.kind is 'received, refused, rang, failed, answered, answered_elsewhere, missed, ended (kemi/domain/events.py).';
comment on column call_event.at is 'Wall clock of the node when it was written.';
comment on column call_event.mono_ns is 'Monotonic clock of the node in ns; orders and measures within one instance.';
comment on column call_event.instance is 'The start of Kamailio that wrote it.';
comment on column call_event.node is 'The edge that wrote it.';
comment on column call_event.body is 'The event''s own fields.';
-- all events of the calls just touched (ledger.sql)
create index call_event_by_call on call_event (call_id);

create table call (
    id text primary key,
    node text not null,
    instance text not null,
    tenant_id bigint,
    trunk_id bigint,
    hotline_id bigint,
    hotline_number text,
    dialled text,
    group_id bigint,
    outbound_number text,
    caller_number text,
    caller_withheld boolean not null default false,
    sip_call_id text not null,
    arrived_at timestamptz not null,
    ring_seconds integer,
    notify_members boolean not null default false,
    notify_missed text not null default 'offered'
        constraint call_notify_missed_is_offered_or_rang check (notify_missed in ('offered', 'rang')),
    outcome text not null
        constraint call_outcome_is_known check (outcome in (
            'ringing',     -- received → ringing
            'answered',    -- ringing → answered: a first 2xx
            'missed',      -- ringing → missed: he gave up, or nobody answered
            'refused',     -- received → refused: never forked
            'interrupted'  -- ringing → interrupted: the edge died; a late event may still make it answered or missed
        )),
    reason text,
    final_code integer,
    answered_leg integer,
    answered_at timestamptz,
    ended_at timestamptz,
    ended_by text constraint call_is_ended_by_caller_or_member check (ended_by in ('caller', 'member')),
    ring_ms integer,
    talk_ms integer
);
comment on table call is 'One call to a hotline, whatever became of it.';
comment on column call.id is 'The edge''s own id of the call.';
comment on column call.node is 'The edge that took it.';
comment on column call.instance is 'The start of Kamailio that took it.';
comment on column call.tenant_id is 'Whose hotline it was.';
comment on column call.trunk_id is 'Who delivered it.';
comment on column call.hotline_id is 'The hotline that was called; empty where there was none.';
comment on column call.hotline_number is 'Its number then, E.164.';
comment on column call.dialled is 'What was asked for, as it stood in the INVITE, where that was no hotline.';
comment on column call.group_id is 'The group that rang.';
comment on column call.outbound_number is 'The number that members saw, E.164.';
comment on column call.caller_number is 'Who called, E.164; empty where withheld or no telephone number.';
comment on column call.caller_withheld is 'The caller withheld his number.';
comment on column call.sip_call_id is 'Call-ID of the caller''s INVITE, to ask the carrier with.';
comment on column call.arrived_at is 'When the INVITE came.';
comment on column call.ring_seconds is 'The group''s ring time then.';
comment on column call.notify_members is 'The group''s switch then.';
comment on column call.notify_missed is 'Who was to be told of a missed call then: offered or rang.';
comment on column call.outcome is 'ringing, then answered, missed or interrupted (the edge died); or refused at once.';
comment on column call.reason is 'Why it was missed or refused.';
comment on column call.final_code is 'The final SIP code that the caller got.';
comment on column call.answered_leg is 'The leg that answered: call_leg.leg.';
comment on column call.answered_at is 'When it answered.';
comment on column call.ended_at is 'When the call was over.';
comment on column call.ended_by is 'Who hung up an answered call: caller or member.';
comment on column call.ring_ms is 'From arrival to answer or end of ringing, in ms, by the monotonic clock.';
comment on column call.talk_ms is 'From answer to end, in ms, by the monotonic clock.';
-- calls without an outcome whose edge may be gone (ledger.sql)
create index call_ringing on call (arrived_at) where outcome = 'ringing';
-- a tenant's calls, newest first
create index call_by_tenant on call (tenant_id, arrived_at desc);

create table call_leg (
    call_id text not null
        constraint call_leg_has_a_call_that_exists references call on delete cascade deferrable initially deferred,
    leg integer not null,
    attempt integer not null,
    member_id bigint not null,
    member_number text not null,
    gateway_id bigint,
    outcome text not null
        constraint call_leg_outcome_is_known check (outcome in (
            'offered',             -- the INVITE left, nothing came back
            'ringing',             -- offered → ringing
            'answered',            -- offered, ringing → answered
            'answered_elsewhere',  -- a 2xx after another leg had won
            'cancelled',           -- offered, ringing → cancelled: somebody answered, or the caller hung up
            'busy', 'declined', 'no_answer', 'not_found', 'unreachable', 'moved', 'rejected', -- negative answers
            'skipped',             -- never offered; see the reason
            'interrupted'          -- the edge died
        )),
    reason text,
    code integer,
    offered_at timestamptz,
    rang_at timestamptz,
    answered_at timestamptz,
    ended_at timestamptz,
    can_text boolean not null default false,
    primary key (call_id, leg, attempt)
);
comment on table call_leg is 'One attempt at a member of the group during a call.';
comment on column call_leg.call_id is 'The call: call.id.';
comment on column call_leg.leg is 'The leg''s number in the call; 1000 and above were skipped, not rung.';
comment on column call_leg.attempt is 'Which try at this member: 0 is the first.';
comment on column call_leg.member_id is 'The member: group_member.id then.';
comment on column call_leg.member_number is 'The member''s number then, E.164.';
comment on column call_leg.gateway_id is 'The gateway that the INVITE left for: gateway.id then.';
comment on column call_leg.outcome is
    'offered, ringing, answered, answered_elsewhere, cancelled, busy, declined, no_answer, not_found, unreachable, moved, rejected, skipped or interrupted.';
comment on column call_leg.reason is 'More words about it, such as why it was skipped.';
comment on column call_leg.code is 'The final SIP code of the leg.';
comment on column call_leg.offered_at is 'When the INVITE left.';
comment on column call_leg.rang_at is 'When the telephone began to ring.';
comment on column call_leg.answered_at is 'When it answered.';
comment on column call_leg.ended_at is 'When the leg was over.';
comment on column call_leg.can_text is 'Whether an SMS can reach the number: false for a landline.';

create table spool_file (
    node text not null,
    file text not null,
    byte_offset bigint not null default 0
        constraint spool_file_offset_is_not_negative check (byte_offset >= 0),
    instance text not null default '',
    first_seen timestamptz not null default now(),
    finished_at timestamptz,
    primary key (node, file)
);
comment on table spool_file is 'How far each spool file has been read; moved in the same transaction as the rows.';
comment on column spool_file.node is 'The edge whose file it is.';
comment on column spool_file.file is 'The file''s name.';
comment on column spool_file.byte_offset is 'Bytes read so far: up to the last newline.';
comment on column spool_file.instance is 'The start of Kamailio that writes it.';
comment on column spool_file.first_seen is 'When the ledger writer found it.';
comment on column spool_file.finished_at is 'When it was read to its end and its writer was gone.';

create table dead_letter (
    id bigint generated by default as identity primary key,
    node text not null,
    file text not null,
    byte_offset bigint not null,
    line text not null,
    why text not null,
    at timestamptz not null default now(),
    constraint dead_letter_is_kept_once unique (node, file, byte_offset)
);
comment on table dead_letter is 'Lines of the spool that could not be read. Each is an alarm.';
comment on column dead_letter.id is 'Key.';
comment on column dead_letter.node is 'The edge whose line it is.';
comment on column dead_letter.file is 'The spool file.';
comment on column dead_letter.byte_offset is 'Where in the file it begins.';
comment on column dead_letter.line is 'The line.';
comment on column dead_letter.why is 'Why it could not be read.';
comment on column dead_letter.at is 'When it was found.';
