-- What `extgroup` asks (deploy/desk); the views are those of sql/migrations/0050_create_operator_views.sql.

-- name: calls
select * from call_line
where arrived_at >= %(since)s
    and (%(hotline)s is null or hotline = %(hotline)s)
    and (%(state)s is null or outcome = %(state)s)
order by arrived_at desc
limit %(limit)s

-- name: calls_named
-- By the edge's id, or by the Call-ID that the carrier has: a repeated INVITE may have made two of one.
select * from call_line where call_id = %(name)s or (sip_call_id <> '' and sip_call_id = %(name)s)
order by arrived_at

-- name: ladder
select at, what, leg, attempt, step, code, member_number, member_name, notification_id, detail
from call_ladder where call_id = %(call)s
order by at, turn, leg, attempt

-- name: recording_of_call
select state, node, file, seconds::float, keep_until, why from recording where call_id = %(call)s

-- name: sms_of_call
select * from sms_line where call_id = %(call)s order by id

-- name: attempts_of_call
select a.notification_id, a.id, a.started_at, a.finished_at, p.name as provider, a.fate, a.http_status, a.error, a.reply
from notification n join notification_attempt a on a.notification_id = n.id
left join sms_provider p on p.id = a.provider_id
where n.call_id = %(call)s
order by a.id

-- name: receipts_of_call
select r.notification_id, r.id, r.received_at, r.status, r.reason, r.effect, r.raw
from notification n join sms_receipt r on r.notification_id = n.id
where n.call_id = %(call)s
order by r.id

-- name: sms
select * from sms_line
where created_at >= %(since)s and (%(state)s is null or state = %(state)s)
order by created_at desc, id desc
limit %(limit)s

-- name: sms_state
select state, last_error, called_at from notification where id = %(id)s

-- name: retry
-- The table says which states may be queued again.
update notification set state = 'queued', next_attempt_at = now() where id = %(id)s

-- name: cancel
-- Only what waits; what a sender holds may be on its way.
update notification set state = 'expired', last_error = 'cancelled by the operator' where id = %(id)s and state = 'queued'

-- name: texts
select * from sms_template_check
where %(tenant)s is null or tenant = %(tenant)s or tenant_id::text = %(tenant)s
order by tenant, kind

-- name: report
select * from daily_report(%(first_day)s, %(last_day)s)

-- name: provider
select p.*,
    coalesce((select json_agg(json_build_array(http_status, pattern, means, reason) order by position)
              from sms_reply_rule where provider_id = p.id), '[]') as rules,
    coalesce(p.sender, t.brand, 'test') as sends_as, coalesce(t.brand, p.sender, 'test') as brand, t.text as template
from sms_provider p
left join lateral (
    select brand, w.text from tenant left join sms_template w on w.tenant_id = tenant.id and w.kind = 'missed'
    where sms_provider_id = p.id order by tenant.id limit 1
) t on true
where p.name = %(name)s or p.id::text = %(name)s

-- name: providers
select name from sms_provider order by name

-- name: provider_health
select * from sms_provider_health order by name

-- name: probe
with woken as (select pg_notify('notification_queued', ''))
update sms_provider_state s
set probe_at = case when s.state = 'closed' then s.probe_at else now() end, paused_until = null
from sms_provider p, woken
where p.id = s.provider_id and (p.name = %(name)s or p.id::text = %(name)s)
