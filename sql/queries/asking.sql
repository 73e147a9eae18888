-- Asking providers what became of an SMS (sms/asking.py).

-- name: due
-- Each is asked ever more seldom, for a day; the next time is set first, so that two senders do not ask at one time.
with due as (
    select a.id, n.id as notification_id, p.id as provider_id,
        coalesce(
            p.enabled and a.started_at > now() - interval '1 day'
            and case n.state
                when 'accepted' then p.ask_after_seconds is not null and a.message_id is not null
                when 'unknown' then p.on_unknown = 'query'
            end
            and not exists (select from notification_attempt later where later.notification_id = n.id and later.id > a.id),
            false
        ) as open
    from notification_attempt a
    join notification n on n.id = a.notification_id
    left join sms_provider p on p.id = a.provider_id
    where a.ask_at <= now()
    order by a.ask_at
    limit %(most)s
    for update of a skip locked
)
update notification_attempt a
set ask_at = case when due.open then now() + greatest(interval '10 seconds', now() - a.started_at) end
from due
join notification n on n.id = due.notification_id
left join sms_provider p on p.id = due.provider_id
where a.id = due.id
returning due.open, a.id as attempt_id, a.message_id, a.request_id, a.started_at, n.id as notification_id, n.state, n.text,
    n.member_number, p.id, p.driver, p.url, p.method, p.headers, p.body_template, p.content_type, p.success_pattern, p.message_id_pattern,
    p.timeout_seconds, p.credentials, p.options

-- name: known
-- The provider's names of other messages to that member: of two alike each is looked for, and what is the one is not the other.
select other.message_id
from notification_attempt a
join notification n on n.id = a.notification_id
join notification o on o.tenant_id = n.tenant_id and o.member_number = n.member_number and o.created_at > a.started_at - interval '1 day'
join notification_attempt other on other.notification_id = o.id
where a.id = %(attempt_id)s and other.message_id is not null

-- name: name_first
-- The notification, then the name, as whoever records an answer (attempt_is_named): of two that found the same message the later
-- sees the earlier.
select pg_advisory_xact_lock(hashtextextended(%(provider_id)s || ' ' || %(message_id)s, 46))
from (select from notification where id = %(notification_id)s for no key update) locked

-- name: found
update notification_attempt a set message_id = coalesce(a.message_id, %(message_id)s)
where a.id = %(attempt_id)s and not exists (
    select from notification_attempt other
    where other.message_id = %(message_id)s and other.provider_id = a.provider_id and other.notification_id <> a.notification_id
)

-- name: not_taken
with it as materialized (
    select a.id, n.id as notification_id
    from notification_attempt a join notification n on n.id = a.notification_id where a.id = %(attempt_id)s for no key update of n
), gone as (
    update notification_attempt a
    set fate = 'refused', ask_at = null, finished_at = coalesce(a.finished_at, now()),
        error = coalesce(a.error || '; ', '') || 'asked: the provider does not have it'
    from it
    where a.id = it.id and a.message_id is null and a.fate is distinct from 'accepted'
    returning a.notification_id
)
update notification n
set state = 'queued', next_attempt_at = now(), last_error = 'asked: the provider does not have it'
from gone
where n.id = gone.notification_id and n.state = 'unknown'
