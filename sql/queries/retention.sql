-- What is kept no longer (kemi/ledger/retention.py, kemi/decisions/0012). Tenants have times of their own; what belongs
-- to no tenant, or to one that is deleted, goes after a time of its own. Owners are found by hopping through an index.

-- name: patience
-- Whoever waits for a row keeps the events waiting: rather try again in an hour.
set local lock_timeout = '1s'; set local statement_timeout = '10s'

-- name: alone
select pg_try_advisory_xact_lock(%(room)s, %(key)s)

-- name: calls_to_purge
with recursive owner (id) as (
    (select coalesce(tenant_id, 0) from call where purged_at is null order by coalesce(tenant_id, 0) limit 1)
    union all
    select (
        select coalesce(tenant_id, 0) from call
        where purged_at is null and coalesce(tenant_id, 0) > owner.id
        order by coalesce(tenant_id, 0) limit 1
    )
    from owner where owner.id is not null
)
select due.id
from owner
left join tenant on tenant.id = owner.id
cross join lateral (
    select c.id
    from call c
    where c.purged_at is null and coalesce(c.tenant_id, 0) = owner.id
        and c.arrived_at < now() - make_interval(days => coalesce(tenant.keep_calls_days, %(unowned_days)s))
        and call_is_over(c.outcome, c.ended_at, c.arrived_at)
    order by c.arrived_at
    limit %(most)s
) as due
limit %(most)s

-- name: purge_calls
with purged as (
    update call c
    set purged_at = now(), caller_number = null, dialled = null, sip_call_id = ''
    where id = any (%(calls)s) and purged_at is null and call_is_over(c.outcome, c.ended_at, c.arrived_at)
    returning id
),
legs as (delete from call_leg where call_id in (select id from purged) returning 1),
events as (delete from call_event where call_id in (select id from purged) returning 1)
select (select count(*) from purged), (select count(*) from legs), (select count(*) from events)

-- name: purge_notifications
with recursive owner (id) as (
    (select tenant_id from notification order by tenant_id limit 1)
    union all
    select (select tenant_id from notification where tenant_id > owner.id order by tenant_id limit 1)
    from owner where owner.id is not null
),
due as (
    select due.id
    from owner
    left join tenant on tenant.id = owner.id
    cross join lateral (
        select id
        from notification
        where tenant_id = owner.id
            and created_at < now() - make_interval(days => coalesce(tenant.keep_sms_days, %(unowned_days)s))
            and state not in ('queued', 'sending')
        order by created_at
        limit %(most)s
        for update skip locked
    ) as due
    limit %(most)s
),
attempts as (delete from notification_attempt where notification_id in (select id from due) returning 1),
notifications as (delete from notification where id in (select id from due) returning 1)
select (select count(*) from notifications), (select count(*) from attempts)

-- name: purge_dead_letters
with gone as (
    delete from dead_letter
    where id in (
        select id from dead_letter where at < now() - make_interval(days => %(unowned_days)s) limit %(most)s
    )
    returning 1
)
select count(*) from gone

-- name: purge_receipts
-- Of messages that nobody knows; the others go with their notification.
with gone as (
    delete from sms_receipt
    where id in (
        select id from sms_receipt
        where notification_id is null and received_at < now() - make_interval(days => %(unowned_days)s)
        limit %(most)s
    )
    returning 1
)
select count(*) from gone
