-- why:      how many SMS a provider takes, that it is down, and that its account is empty is known to one sender and concerns
--           all of them, on every machine: it stands in the database, a row for each provider.
-- when:     after 0043, before the senders of this version start. Older ones go on, and heed none of it: end them first where a
--           pace matters.
-- locks:    ACCESS EXCLUSIVE on sms_provider for a moment; SHARE on notification for its index, 0.1 s a million rows: senders and
--           the ledger wait, calls do not.
-- requires: 0043_add_fallback_provider.

alter table sms_provider
    add column messages_per_second numeric(9, 3)
        constraint sms_provider_messages_per_second_is_0_001_to_10000 check (messages_per_second between 0.001 and 10000),
    add column breaker_failures integer not null default 5
        constraint sms_provider_breaker_failures_is_1_to_1000 check (breaker_failures between 1 and 1000);
comment on column sms_provider.messages_per_second is
    'How many SMS it is given a second by all senders together, 0.001 to 10000: 0.5 is one every two seconds; 60 a minute is 1. A tenth of a second''s worth, at least one, may go at once. Empty: as fast as it takes them.';
comment on column sms_provider.breaker_failures is
    'After so many failures of its own in a row (5xx, no connection, no answer) it is left alone, and probed with one SMS now and then until it works: sms_provider_health.';

create table sms_provider_state (
    provider_id bigint primary key
        constraint sms_provider_state_has_a_provider_that_exists references sms_provider on delete cascade,
    state text not null default 'closed'
        constraint sms_provider_state_is_known check (state in (
            'closed', -- at first; probing → closed: the probe showed that it works
            'open',   -- closed → open: too many failures, or no balance; probing → open: the probe failed, too
            'probing' -- open → probing: one sender, at probe_at or later, with one SMS
        )),
    why text
        constraint sms_provider_state_why_is_down_or_balance check (why in ('down', 'balance')),
    since timestamptz,
    failures integer not null default 0,
    openings integer not null default 0,
    last_error text,
    probe_at timestamptz,
    probe_until timestamptz,
    probe_notification_id bigint,
    paused_until timestamptz,
    next_slot_at timestamptz,
    constraint sms_provider_state_says_why_unless_closed check ((state = 'closed') = (why is null)),
    constraint sms_provider_state_probes_unless_closed check (state = 'closed' or probe_at is not null),
    constraint sms_provider_state_probes_with_an_sms check (
        (state = 'probing') = (probe_until is not null) and (state = 'probing') = (probe_notification_id is not null)
    )
);
comment on table sms_provider_state is 'What all senders know of a provider together; they write it, people read sms_provider_health.';
comment on column sms_provider_state.provider_id is 'Whose state: sms_provider.id.';
comment on column sms_provider_state.state is
    'closed: it is given SMS; open: none; probing: one, and what becomes of that decides. (As with an electric circuit.)';
comment on column sms_provider_state.why is 'down: it failed too often; balance: its account is empty; empty: closed.';
comment on column sms_provider_state.since is 'When it was opened; empty: closed.';
comment on column sms_provider_state.failures is 'Failures of its own in a row.';
comment on column sms_provider_state.openings is 'How often it was opened since it last worked; the wait until the next probe grows with it.';
comment on column sms_provider_state.last_error is 'Its last failure.';
comment on column sms_provider_state.probe_at is
    'Not to be probed before. Set it to now() to have it probed at once (the account is topped up, say).';
comment on column sms_provider_state.probe_until is 'While probing: when another sender may probe, for the one that does was lost.';
comment on column sms_provider_state.probe_notification_id is 'While probing: with which SMS, notification.id.';
comment on column sms_provider_state.paused_until is 'It asked to be left alone until then (429, Retry-After).';
comment on column sms_provider_state.next_slot_at is 'When the next SMS is due by messages_per_second; in the past: at once.';
insert into sms_provider_state (provider_id) select id from sms_provider;

create function begin_sms_provider_state() returns trigger
    language plpgsql
as $$
begin
    insert into sms_provider_state (provider_id) values (new.id);
    return null;
end
$$;
comment on function begin_sms_provider_state() is 'Trigger: every provider has its line in sms_provider_state.';
create trigger sms_provider_state_begins after insert on sms_provider
    for each row execute function begin_sms_provider_state();

-- What may go to the second provider while the first is open (sms.sql: leave_open)
create index notification_leaving on notification (provider_id, next_attempt_at)
    where state = 'queued' and fallback_provider_id is not null;

create function sms_slots(rate numeric, next_slot_at timestamptz) returns integer
    language sql
as $$
    -- The bucket holds a tenth of a second's worth, at least one; what was taken ahead of time is not there yet.
    select greatest(0, floor(
        greatest(1.0, rate / 10) - greatest(0, extract(epoch from next_slot_at - clock_timestamp())) * rate + 0.000001
    ))::integer
$$;
comment on function sms_slots(numeric, timestamptz) is 'How many SMS may go at this moment at `rate` a second.';

create function sms_turn_at(p sms_provider, s sms_provider_state) returns timestamptz
    language sql
as $$
    select case
        when not p.enabled then '-infinity'
        when s.state = 'open' then greatest(s.probe_at, s.paused_until)
        when s.state = 'probing' then s.probe_until
        else greatest(
            s.paused_until,
            s.next_slot_at - make_interval(secs => ((greatest(1.0, p.messages_per_second / 10) - 1) / p.messages_per_second)::float8),
            '-infinity'
        )
    end
$$;
comment on function sms_turn_at(sms_provider, sms_provider_state) is 'From when on a provider may be given an SMS, as things stand.';

create function admit_sms(provider bigint, wanted bigint[], lease_seconds double precision) returns bigint[]
    language plpgsql
as $$
declare
    p sms_provider;
    s sms_provider_state;
    free integer;
begin
    select * into s from sms_provider_state where provider_id = provider for update;
    select * into p from sms_provider where id = provider;
    if not p.enabled then
        return wanted; -- they go nowhere: it only has to be said
    end if;
    if sms_turn_at(p, s) > clock_timestamp() then
        return '{}';
    end if;
    if s.state <> 'closed' then
        update sms_provider_state
        set state = 'probing', probe_notification_id = wanted[1],
            probe_until = clock_timestamp() + make_interval(secs => p.timeout_seconds + lease_seconds)
        where provider_id = provider;
        return wanted[1:1];
    end if;
    if p.messages_per_second is null then
        return wanted;
    end if;
    free := least(sms_slots(p.messages_per_second, s.next_slot_at), cardinality(wanted));
    update sms_provider_state
    set next_slot_at = greatest(next_slot_at, clock_timestamp()) + make_interval(secs => (free / p.messages_per_second)::float8)
    where provider_id = provider;
    return wanted[1:free];
end
$$;
comment on function admit_sms(bigint, bigint[], double precision) is
    'Which of the notifications `wanted` a provider may be given now: what its pace allows; one, as a probe, of one that is open and due; none while it is open or paused. Who asks holds its line until the end of the transaction: senders are admitted one after the other.';

create view sms_provider_health as
select p.id, p.name, p.enabled, s.state, s.why, s.since, s.failures, s.last_error,
    case when s.state = 'open' then s.probe_at end as probe_at,
    case when s.paused_until > now() then s.paused_until end as paused_until,
    p.messages_per_second,
    coalesce(q.waiting, 0) as waiting, q.oldest
from sms_provider p
join sms_provider_state s on s.provider_id = p.id
left join (
    select provider_id, count(*) as waiting, min(called_at) as oldest from notification where state = 'queued' group by provider_id
) q on q.provider_id = p.id;
comment on view sms_provider_health is 'What the senders know of each provider, and how much waits for it.';
comment on column sms_provider_health.id is 'sms_provider.id.';
comment on column sms_provider_health.name is 'sms_provider.name.';
comment on column sms_provider_health.enabled is 'sms_provider.enabled.';
comment on column sms_provider_health.state is 'closed: it works; open: it is left alone; probing: one SMS is under way to see whether it works again.';
comment on column sms_provider_health.why is 'down or balance (the account is empty); empty: closed.';
comment on column sms_provider_health.since is 'Since when it is left alone.';
comment on column sms_provider_health.failures is 'Failures of its own in a row.';
comment on column sms_provider_health.last_error is 'Its last failure.';
comment on column sms_provider_health.probe_at is 'When it is probed next, if something waits for it.';
comment on column sms_provider_health.paused_until is 'Until when it asked to be left alone.';
comment on column sms_provider_health.messages_per_second is 'sms_provider.messages_per_second.';
comment on column sms_provider_health.waiting is 'How many notifications are queued for it.';
comment on column sms_provider_health.oldest is 'When the oldest call of these came.';
