-- The SMS sender's statements (sms/store.py).

-- name: expire
-- Each arm by an index of its own: what is queued may be a million rows.
update notification n
set state = 'expired', lease_until = null,
    last_error = coalesce(n.last_error || '; ', '') || 'too old: '
        || extract(epoch from coalesce(n.expires_at, coalesce(n.ages_from, n.called_at) + make_interval(secs => %(give_up_seconds)s)) - n.called_at)::bigint
        || ' s after the call'
where n.id = any (array(
    select id from (
        select id from notification where state = 'queued' and expires_at < now() for update skip locked
    ) by_its_tenant
    union all
    select id from (
        select id from notification
        where state = 'queued' and expires_at is null and coalesce(ages_from, called_at) < now() - make_interval(secs => %(give_up_seconds)s)
        for update skip locked
    ) by_the_sender
    union all
    select id from (
        select id from notification m
        where state = 'sending' and lease_until < now()
            and coalesce(expires_at, coalesce(ages_from, called_at) + make_interval(secs => %(give_up_seconds)s)) < now()
            and not exists (
                select from notification_attempt a join sms_provider p on p.id = a.provider_id
                where a.notification_id = m.id and a.finished_at is null and p.on_unknown <> 'retry'
            )
            and not receipt_settles(id)
        for update skip locked
    ) its_sender_was_lost
))

-- name: release_merged
-- Missed calls of one caller to one member that waited for each other go as one SMS, the first of them; the others are told
-- in its text. One statement: it has happened, or it has not. Another sender passes over what is locked here, and whoever
-- has somebody older to wait for is none that leads.
with leader as (
    select n.id, n.tenant_id, n.member_number, n.caller_number, n.merge_until
    from notification n
    where n.state = 'queued' and n.merge_until <= now()
        and not exists (
            select from notification o
            where o.state = 'queued' and o.merge_until >= n.called_at and (o.called_at, o.id) < (n.called_at, n.id)
                and (o.tenant_id, o.member_number, o.caller_number) = (n.tenant_id, n.member_number, n.caller_number)
        )
    order by n.merge_until
    limit 500
    for update skip locked
), follower as (
    select f.id, f.called_at, l.id as leader_id
    from leader l
    join notification f on (f.tenant_id, f.member_number, f.caller_number) = (l.tenant_id, l.member_number, l.caller_number)
    where f.state = 'queued' and f.merge_until is not null and f.called_at <= l.merge_until and f.id <> l.id
    for update of f
), merged as (
    update notification n set state = 'merged', merged_into = f.leader_id, merge_until = null
    from follower f where n.id = f.id
    returning f.leader_id, f.called_at
)
update notification n
set merge_until = null, next_attempt_at = now(), calls = 1 + coalesce(m.number, 0), last_called_at = m.last
from leader l
left join (select leader_id, count(*) as number, max(called_at) as last from merged group by leader_id) m on m.leader_id = l.id
where n.id = l.id

-- name: hold_abandoned
-- Their sender died, or its record never arrived: whether the provider has them is unknown, and it is not to be asked twice.
-- Or a receipt waits, which knows: it settles what becomes unknown (notification_leaves_sending).
with lost as (
    select id from notification m
    where state = 'sending' and lease_until < now() and (receipt_settles(id) or exists (
        select from notification_attempt a join sms_provider p on p.id = a.provider_id
        where a.notification_id = m.id and a.finished_at is null and p.on_unknown <> 'retry'
    ))
    for update skip locked
),
to_ask as (
    update notification_attempt a set ask_at = now()
    from lost, sms_provider p
    where a.notification_id = lost.id and a.finished_at is null and p.id = a.provider_id and p.on_unknown = 'query'
)
update notification n
set state = 'unknown', lease_until = null, last_error = 'its sender was lost: nobody knows whether the provider took it'
from lost
where n.id = lost.id

-- name: take_back
-- Their sender died, or its record never arrived: whether the provider has them is unknown, and it is asked again.
update notification n
set state = 'queued', lease_until = null, next_attempt_at = now(), last_error = 'its sender was lost'
from (
    select id from notification m
    where state = 'sending' and lease_until < now() and not exists (
        select from notification_attempt a join sms_provider p on p.id = a.provider_id
        where a.notification_id = m.id and a.finished_at is null and p.on_unknown <> 'retry'
    ) and not receipt_settles(id)
    order by lease_until
    limit %(most)s
    for update skip locked
) lost
where n.id = lost.id

-- name: reroute
-- Its tenant has another provider, or another fallback, than when it was queued. (What has failed over stays there.)
update notification n
set provider_id = r.sms_provider_id, fallback_provider_id = r.sms_fallback_provider_id, tries = 0
from (
    select m.id, t.sms_provider_id, t.sms_fallback_provider_id
    from notification m
    join tenant t on t.id = m.tenant_id
    where m.state = 'queued'
        and (m.provider_id, m.fallback_provider_id) is distinct from (t.sms_provider_id, t.sms_fallback_provider_id)
        and (t.sms_fallback_provider_id is null
             or (m.provider_id, m.fallback_provider_id) is distinct from (t.sms_fallback_provider_id, null))
    for update of m skip locked
) r
where n.id = r.id

-- name: claim_queued
-- Each provider's oldest that its turn allows, then the oldest of all: a provider's queue, however long, hides no other's.
-- Of several providers none gets more than most_of_one of a sender's threads: one that hangs leaves some to the others.
-- What its state says is read without a lock; where there is anything to heed, admit_sms looks again, one sender at a time.
with due as materialized (
    select * from (
        select q.id, q.next_attempt_at, p.id as provider_id,
            p.messages_per_second is not null or s.state <> 'closed' as is_gated
        from sms_provider p
        join sms_provider_state s on s.provider_id = p.id
        cross join (select count(*) > 1 as are from sms_provider where enabled) several
        cross join lateral (
            select id, next_attempt_at from notification
            where state = 'queued' and provider_id = p.id and next_attempt_at <= now()
                and coalesce(expires_at, coalesce(ages_from, called_at) + make_interval(secs => %(give_up_seconds)s)) > now()
            order by next_attempt_at
            limit case
                when not p.enabled then %(most)s
                when s.state <> 'closed' then 1
                else least(
                    %(most)s,
                    case when p.messages_per_second is not null then sms_slots(p.messages_per_second, s.next_slot_at) end,
                    case when several.are then greatest(0, %(most_of_one)s - coalesce((%(busy)s::jsonb ->> p.id::text)::int, 0)) end
                )
            end
            for update skip locked
        ) q
        where sms_turn_at(p, s) <= clock_timestamp()
        union all
        select nobody_s.id, nobody_s.next_attempt_at, null, false from (
            select id, next_attempt_at from notification
            where state = 'queued' and provider_id is null and next_attempt_at <= now()
            order by next_attempt_at
            limit %(most)s
            for update skip locked
        ) nobody_s
    ) each_s
    order by next_attempt_at
    limit %(most)s
)
select id from due where not is_gated
union all
select unnest(admit_sms(provider_id, wanted, %(lease_seconds)s)) from (
    select provider_id, array_agg(id order by next_attempt_at) as wanted
    from due where is_gated group by provider_id order by provider_id
) gated

-- name: next_turn
-- Seconds until a provider that something waits for may be given it; below 0 where its turn has come since it was not yet:
-- who asked for it then, and looks only now, would else sleep until the next poll.
select extract(epoch from min(sms_turn_at(p, s)) - clock_timestamp())::float8
from sms_provider p
join sms_provider_state s on s.provider_id = p.id
where sms_turn_at(p, s) > clock_timestamp() - interval '5 s' and exists (
    select from notification n where n.state = 'queued' and n.provider_id = p.id and n.next_attempt_at <= now()
)

-- name: leave_open
-- While a provider is open, what is due for it goes to the second one, if that works; some at a time.
update notification n
set provider_id = n.fallback_provider_id, fallback_provider_id = null, tries = 0
from sms_provider_state s
cross join lateral (
    select m.id
    from notification m
    join sms_provider f on f.id = m.fallback_provider_id and f.enabled
    join sms_provider_state g on g.provider_id = f.id and g.state = 'closed'
    where m.state = 'queued' and m.provider_id = s.provider_id and m.fallback_provider_id is not null
        and m.next_attempt_at <= now()
        and not exists (
            select from notification_attempt a join sms_provider p on p.id = a.provider_id
            where a.notification_id = m.id and coalesce(a.fate, 'unknown') = 'unknown' and p.on_unknown <> 'retry'
        )
    order by m.next_attempt_at
    limit 200
    for update of m skip locked
) leaving
where n.id = leaving.id
    and (s.state = 'open' and s.probe_at > now() or s.state = 'probing' and s.probe_until > now())

-- name: claim
-- The lease covers the request and the record of it; the attempt number keeps a sender that comes late from recording.
update notification n
set state = 'sending', attempts = n.attempts + 1, merge_until = null, -- what was asked is no part of another SMS
    lease_until = now() + make_interval(secs => coalesce(p.timeout_seconds, 0) + %(lease_seconds)s)
from notification m
left join tenant t on t.id = m.tenant_id
left join sms_provider p on p.id = m.provider_id
left join call c on c.id = m.call_id
left join external_group g on g.id = c.group_id
left join group_member e on e.id = m.member_id
left join sms_template w
    on w.tenant_id = m.tenant_id and w.kind = m.kind || case when m.caller_number is null then '_withheld' else '' end
cross join lateral (
    -- A request that its provider may have keeps its name: a repetition is to be recognised. What the provider has answered with
    -- a no, or reported as failed, is over, and the next one is another; what never reached it is as if it had not been.
    select count(*) filter (where a.is_over) as over,
        (array_agg(a.request_id order by a.id desc)
            filter (where not a.is_over and a.fate <> 'refused' and a.provider_id = m.provider_id and a.request_id is not null))[1] as open_request_id
    from (
        select b.id, b.request_id, b.provider_id, coalesce(b.fate, 'unknown') as fate,
            coalesce(b.fate = 'refused' and b.http_status is not null, false) or exists (
                select from sms_receipt r join notification_attempt o on o.id = r.attempt_id
                where r.notification_id = m.id and r.status in ('failed', 'expired')
                    and (o.id = b.id or o.provider_id = b.provider_id and o.request_id = b.request_id) -- one name, one message
            ) as is_over
        from notification_attempt b where b.notification_id = m.id
    ) a
) asked
where n.id = any (%(ids)s) and m.id = n.id
returning n.id, n.attempts, n.tries, n.kind, n.member_number, n.caller_number, n.text,
    n.calls, coalesce(n.last_called_at, n.called_at) at time zone coalesce(t.time_zone, 'Asia/Ho_Chi_Minh') as called_local, t.brand, p.id as provider_id, p.enabled as provider_enabled,
    p.driver, p.url, p.method, p.headers, p.body_template, p.content_type, p.success_pattern, p.message_id_pattern,
    p.timeout_seconds, p.on_unknown, p.failover_tries, p.receipt_token, coalesce(p.sender, t.brand) as sender, p.credentials, p.options,
    (select coalesce(json_agg(json_build_array(http_status, pattern, means, reason) order by position), '[]')
     from sms_reply_rule where provider_id = p.id) as rules,
    n.call_id, c.hotline_number, g.name as group_name, e.name as member_name, w.text as template,
    asked.over, asked.open_request_id

-- name: renew
-- Its sender is still asking: nobody else takes it over.
update notification n set lease_until = now() + make_interval(secs => %(lease_seconds)s)
from json_to_recordset(%(rows)s::json) as r (id bigint, attempt int)
where n.id = r.id and n.attempts = r.attempt and n.state = 'sending'
    and n.lease_until < now() + make_interval(secs => %(lease_seconds)s / 2)

-- name: lines
-- SMSCs that a sender stays bound to: they may have receipts, whoever sent the message.
select id, driver, url, method, headers, body_template, content_type, success_pattern, message_id_pattern, timeout_seconds,
    credentials, options
from sms_provider where driver = 'smpp' and enabled

-- name: begin_attempts
-- (The clock's time: the transaction may have waited for the provider's turn.)
insert into notification_attempt (notification_id, provider_id, request_id, started_at)
select notification_id, provider_id, request_id, clock_timestamp()
from json_to_recordset(%(rows)s::json) as r (notification_id bigint, provider_id bigint, request_id text)
returning notification_id, id

-- name: keep_texts
update notification n
set text = r.text, alphabet = r.alphabet, segments = r.segments
from json_to_recordset(%(rows)s::json) as r (id bigint, text text, alphabet text, segments integer)
where n.id = r.id and n.text is null

-- name: finish_attempt
update notification_attempt
set finished_at = clock_timestamp(), http_status = %(status)s, error = %(error)s, reply = %(reply)s,
    fate = case when fate = 'accepted' then fate else %(fate)s end, -- a receipt knows better than a sender that comes late
    message_id = coalesce(%(message_id)s, message_id), -- an answer that came late may have named it already
    ask_at = (
        select case
            when %(fate)s = 'accepted' and %(message_id)s is not null then now() + make_interval(secs => p.ask_after_seconds)
            when %(fate)s = 'unknown' and p.on_unknown = 'query' then now() + interval '10 seconds'
        end
        from sms_provider p where p.id = notification_attempt.provider_id
    )
where id = %(attempt_id)s

-- name: name_attempt
with it as materialized (
    select a.id, n.id as notification_id
    from notification_attempt a join notification n on n.id = a.notification_id
    where a.id = (select max(id) from notification_attempt where request_id = %(request_id)s and provider_id = %(provider_id)s)
    for no key update of n
)
update notification_attempt a set message_id = %(reference)s from it where a.id = it.id and a.message_id is null

-- name: is_in_doubt
select 1 from sms_provider_state where provider_id = %(provider_id)s and (state <> 'closed' or failures > 0)

-- name: notification_first
-- As claims do: the notification, then its request and its provider's line. The other way round two senders could wait for each
-- other. And who claims it after that finds what is being recorded: nobody asks in between.
select 1 from notification where id = %(notification_id)s for no key update

-- name: notifications_first
select 1 from notification where id in (select id from json_to_recordset(%(rows)s::json) as r (id bigint)) order by id for no key update

-- name: circuit
select s.state, s.why, s.failures, s.openings, s.state = 'probing' and s.probe_notification_id = %(notification_id)s as is_probe,
    extract(epoch from now() - s.since)::float8 as seconds, p.name, p.breaker_failures
from sms_provider_state s join sms_provider p on p.id = s.provider_id
where s.provider_id = %(provider_id)s
for update of s

-- name: set_circuit
update sms_provider_state
set state = %(state)s, why = %(why)s, failures = %(failures)s, openings = %(openings)s,
    since = case when %(state)s <> 'closed' then coalesce(since, now()) end,
    last_error = coalesce(%(error)s, last_error),
    probe_at = case when %(state)s = 'open' and state <> 'open' then now() + make_interval(secs => %(probe_seconds)s) else probe_at end,
    probe_until = case when %(state)s = 'probing' then probe_until end,
    probe_notification_id = case when %(state)s = 'probing' then probe_notification_id end,
    paused_until = greatest(paused_until, now() + make_interval(secs => nullif(%(pause_seconds)s, 0)))
where provider_id = %(provider_id)s

-- name: wake_senders
notify notification_queued

-- name: in_doubt
select provider_id from sms_provider_state where provider_id = any (%(providers)s) and (state <> 'closed' or failures > 0)

-- name: finish_accepted
-- As finish_attempt, for many at once.
update notification_attempt a
set finished_at = clock_timestamp(), http_status = r.status, error = null, reply = r.reply, fate = 'accepted', message_id = r.message_id,
    ask_at = (
        select now() + make_interval(secs => p.ask_after_seconds)
        from sms_provider p where p.id = a.provider_id and r.message_id is not null
    )
from json_to_recordset(%(rows)s::json) as r (attempt_id bigint, status int, reply text, message_id text)
where a.id = r.attempt_id

-- name: accepted_many
-- As accepted, for many at once.
update notification n
set state = 'accepted', accepted_at = now(), provider_message_id = r.message_id, last_error = null, lease_until = null
from json_to_recordset(%(rows)s::json) as r (id bigint, attempt int, attempt_id bigint, message_id text)
where n.id = r.id and n.attempts = r.attempt and (n.state in ('sending', 'unknown') or n.state = 'queued' and not exists (
    select from sms_receipt t where t.notification_id = n.id and t.attempt_id = r.attempt_id and t.status in ('failed', 'expired')
))
returning n.id

-- name: unknown
update notification
set state = 'unknown', last_error = %(error)s, lease_until = null
where id = %(id)s and state = 'sending' and attempts = %(attempt)s
returning state

-- name: accepted
-- (Also of an unknown one, and one that is queued to be asked again: a sender that comes late knows better. Not where it failed since.)
update notification
set state = 'accepted', accepted_at = now(), provider_message_id = %(message_id)s, last_error = null, lease_until = null
where id = %(id)s and attempts = %(attempt)s and (state in ('sending', 'unknown') or state = 'queued' and not exists (
    select from sms_receipt t where t.notification_id = %(id)s and t.attempt_id = %(attempt_id)s and t.status in ('failed', 'expired')
))
returning state

-- name: failed
update notification
set state = 'failed', last_error = %(error)s, lease_until = null
where id = %(id)s and state in ('sending', 'unknown') and attempts = %(attempt)s
returning state

-- name: suppressed
update notification
set state = 'suppressed', last_error = %(error)s, lease_until = null
where id = %(id)s and state in ('sending', 'unknown') and attempts = %(attempt)s
returning state

-- name: again
update notification
set state = 'queued', last_error = %(error)s, lease_until = null, tries = tries + %(counts)s,
    next_attempt_at = now() + make_interval(secs => %(delay_seconds)s)
where id = %(id)s and state in ('sending', 'unknown') and attempts = %(attempt)s
returning state

-- name: fail_over
-- Never what an earlier request may have brought to a provider that is not to be asked twice; and to one that is itself left
-- alone only what the first never will send.
update notification n
set state = 'queued', provider_id = f.id, fallback_provider_id = null, tries = 0, next_attempt_at = now(),
    lease_until = null, last_error = %(error)s || '; now through ' || f.name
from sms_provider f
join sms_provider_state g on g.provider_id = f.id
where n.id = %(id)s and n.state in ('sending', 'unknown') and n.attempts = %(attempt)s
    and f.id = n.fallback_provider_id and f.enabled and (g.state = 'closed' or %(is_final)s)
    and not exists (
        select from notification_attempt a join sms_provider p on p.id = a.provider_id
        where a.notification_id = n.id and coalesce(a.fate, 'unknown') = 'unknown' and p.on_unknown <> 'retry'
    )
returning n.state
