-- why:      an operator asks what became of a call, of an SMS, of a day; `extgroup` and psql show the same answers.
-- when:     after 0046.
-- locks:    SHARE on call while its two indexes are built, 1 s a million rows: the ledger writer waits, calls do not.
-- requires: 0046_take_receipts.

-- calls of all tenants, newest first; those of a day (desk.sql, daily_report)
create index call_by_arrival on call (arrived_at desc);
-- a call by what the carrier knows of it (desk.sql)
create index call_by_sip_call_id on call (sip_call_id) where sip_call_id <> '';

create view call_line as
select c.id as call_id, c.arrived_at, coalesce(t.name, '') as tenant, coalesce(c.hotline_number, c.dialled) as hotline,
    g.name as group_name, c.caller_number, c.caller_withheld, c.outcome, c.reason, c.final_code, c.ring_ms, c.talk_ms,
    answered.member_number as answered_by, answerer.name as answered_by_name, c.false_answer, c.ended_by, rung.offered,
    sms.states as sms, c.node, c.sip_call_id, c.tenant_id, c.purged_at,
    coalesce(t.time_zone, 'Asia/Ho_Chi_Minh') as time_zone
from call c
left join tenant t on t.id = c.tenant_id
left join external_group g on g.id = c.group_id
left join lateral (
    select l.member_id, l.member_number from call_leg l
    where l.call_id = c.id and l.leg = c.answered_leg and l.outcome = 'answered'
    order by l.attempt desc limit 1
) answered on true
left join group_member answerer on answerer.id = answered.member_id
cross join lateral (
    select count(distinct member_id) as offered from call_leg l where l.call_id = c.id and l.offered_at is not null
) rung
cross join lateral (
    select string_agg(number || ' ' || state, ', ' order by state) as states
    from (select state, count(*) as number from notification n where n.call_id = c.id group by state) counted
) sms;
comment on view call_line is 'A call in a line: who called what, what became of it, who was told. `extgroup calls` shows it.';
comment on column call_line.call_id is 'The call: call.id.';
comment on column call_line.arrived_at is 'When the INVITE came.';
comment on column call_line.tenant is 'Whose hotline it was, by the name it has now.';
comment on column call_line.hotline is 'The number that was dialled: the hotline''s, or what was asked for where there was none.';
comment on column call_line.group_name is 'The group that rang, by the name it has now.';
comment on column call_line.caller_number is 'Who called, E.164; empty where withheld, no telephone number, or purged.';
comment on column call_line.caller_withheld is 'The caller withheld his number.';
comment on column call_line.outcome is 'ringing, answered, missed, refused or interrupted.';
comment on column call_line.reason is 'Why it was missed or refused, why its answer was none, or why the edge hung up.';
comment on column call_line.final_code is 'The final SIP code that the caller got.';
comment on column call_line.ring_ms is 'From arrival to answer or end of ringing, in ms.';
comment on column call_line.talk_ms is 'From answer to end, in ms.';
comment on column call_line.answered_by is 'The number of the member who answered.';
comment on column call_line.answered_by_name is 'Their name, as it is now.';
comment on column call_line.false_answer is 'Answered, and over so soon that members were told as if it had been missed.';
comment on column call_line.ended_by is 'Who hung up: caller, member or edge.';
comment on column call_line.offered is 'How many members were offered the call.';
comment on column call_line.sms is 'How many of its notifications are in which state.';
comment on column call_line.node is 'The edge that took it.';
comment on column call_line.sip_call_id is 'Call-ID of the caller''s INVITE.';
comment on column call_line.tenant_id is 'Whose hotline it was: tenant.id.';
comment on column call_line.purged_at is 'When its numbers and legs were erased.';
comment on column call_line.time_zone is 'The tenant''s zone: what time it was for them.';

-- The order of `turn` is that of steps of one moment: an INVITE leaves after the call has come, an SMS follows the outcome.
create view call_ladder as
with step as (
    select c.id as call_id, c.arrived_at as at, 0 as turn, null::integer as leg, null::integer as attempt,
        null::bigint as member_id, null::text as member_number, null::bigint as notification_id, 'call' as what,
        case when c.outcome = 'refused' then 'refused' else 'arrived' end as step,
        case when c.outcome = 'refused' then c.final_code end as code,
        case when c.outcome = 'refused' then c.reason end as detail
    from call c
    union all
    select call_id, offered_at, 1, leg, attempt, member_id, member_number, null, 'leg', 'offered', null,
        'through ' || coalesce(w.name, 'gateway ' || l.gateway_id)
    from call_leg l left join gateway w on w.id = l.gateway_id where offered_at is not null
    union all
    select call_id, rang_at, 2, leg, attempt, member_id, member_number, null, 'leg', 'rang', 180, null
    from call_leg where rang_at is not null
    union all
    select call_id, answered_at, 3, leg, attempt, member_id, member_number, null, 'leg', 'answered', 200, null
    from call_leg where outcome = 'answered'
    union all
    select l.call_id, coalesce(l.ended_at, l.rang_at, l.offered_at, c.arrived_at), 4, l.leg, l.attempt, l.member_id,
        l.member_number, null, 'leg', case when l.outcome = 'answered' then 'ended' else l.outcome end,
        case when l.outcome <> 'answered' then l.code end, l.reason
    from call_leg l join call c on c.id = l.call_id
    where l.outcome not in ('answered', 'offered', 'ringing') or (l.outcome = 'answered' and l.ended_at is not null)
    union all
    select id, answered_at, 5, answered_leg, null, null, null, null, 'call', 'answered', final_code, null
    from call where answered_at is not null
    union all
    select id, ended_at, 6, null, null, null, null, null, 'call',
        case when outcome in ('missed', 'interrupted') then outcome else 'ended' end,
        case when outcome <> 'answered' then final_code end, coalesce(reason, 'by ' || ended_by)
    from call where ended_at is not null and outcome <> 'refused'
    union all
    select call_id, created_at, 7, null, null, member_id, member_number, id, 'sms',
        case when state in ('not_applicable', 'withheld') then state else 'queued' end, null, kind
    from notification
    union all
    select n.call_id, a.started_at, 8, null, null, n.member_id, n.member_number, n.id, 'sms', 'asked', null,
        coalesce(p.name, 'provider ' || a.provider_id)
    from notification_attempt a join notification n on n.id = a.notification_id
    left join sms_provider p on p.id = a.provider_id
    union all
    select n.call_id, a.finished_at, 9, null, null, n.member_id, n.member_number, n.id, 'sms', coalesce(a.fate, 'refused'),
        a.http_status, coalesce(a.error, case when a.fate = 'accepted' then n.provider_message_id end)
    from notification_attempt a join notification n on n.id = a.notification_id where a.finished_at is not null
    union all
    select n.call_id, r.received_at, 10, null, null, n.member_id, n.member_number, n.id, 'sms', 'receipt', null,
        concat_ws(': ', case when r.effect = 'applied' then r.status else r.status || ' (' || r.effect || ')' end, r.reason)
    from sms_receipt r join notification n on n.id = r.notification_id
)
select step.call_id, step.at, step.turn, step.what, step.leg, step.attempt, step.step, step.code, step.member_id, step.member_number,
    m.name as member_name, step.notification_id, step.detail
from step left join group_member m on m.id = step.member_id;
comment on view call_ladder is
    'What happened during a call and after it, a row each: order by at, turn, leg. `extgroup call` shows it.';
comment on column call_ladder.call_id is 'The call: call.id.';
comment on column call_ladder.at is 'When; by the clock of whoever wrote it, edge or database.';
comment on column call_ladder.turn is 'Order of what happened at one moment.';
comment on column call_ladder.what is 'What it happened to: call, leg or sms.';
comment on column call_ladder.leg is 'The leg: call_leg.leg.';
comment on column call_ladder.attempt is 'Which try at this member: 0 is the first.';
comment on column call_ladder.step is
    'call: arrived, refused, answered, missed, interrupted, ended. leg: offered, rang, answered, ended, or how else it ended (call_leg.outcome). sms: queued, not_applicable, withheld; asked, and the fate of the request; receipt.';
comment on column call_ladder.code is 'The SIP code; of an SMS, the HTTP status.';
comment on column call_ladder.member_id is 'The member: group_member.id then.';
comment on column call_ladder.member_number is 'The member''s number then, E.164.';
comment on column call_ladder.member_name is 'The member''s name, as it is now.';
comment on column call_ladder.notification_id is 'Of an SMS: notification.id.';
comment on column call_ladder.detail is 'More words: gateway, provider, reason, the provider''s id of the message.';

create view sms_line as
select n.id, n.created_at, n.state, n.kind, t.name as tenant, n.member_number, m.name as member_name, n.caller_number,
    n.called_at, n.attempts, p.name as provider, n.accepted_at, n.provider_message_id, n.next_attempt_at, n.last_error, n.text,
    n.call_id, n.tenant_id, coalesce(t.time_zone, 'Asia/Ho_Chi_Minh') as time_zone
from notification n
left join tenant t on t.id = n.tenant_id
left join group_member m on m.id = n.member_id
left join lateral (
    select provider_id from notification_attempt a where a.notification_id = n.id order by a.id desc limit 1
) last on true
left join sms_provider p on p.id = last.provider_id;
comment on view sms_line is 'A notification in a line, with the names of who is in it. `extgroup sms` shows it.';
comment on column sms_line.id is 'The notification: notification.id.';
comment on column sms_line.created_at is 'When it was decided that the member is told.';
comment on column sms_line.state is 'Where it is: notification.state.';
comment on column sms_line.kind is 'answered: the member took the call; missed: nobody did.';
comment on column sms_line.tenant is 'Whose call it was.';
comment on column sms_line.member_number is 'Who is told, E.164.';
comment on column sms_line.member_name is 'Their name, as it is now.';
comment on column sms_line.caller_number is 'Whom it is about, E.164; empty: it says nothing of a number.';
comment on column sms_line.called_at is 'When the call arrived.';
comment on column sms_line.attempts is 'How often it has been claimed.';
comment on column sms_line.provider is 'Who was asked last.';
comment on column sms_line.accepted_at is 'When the provider took it.';
comment on column sms_line.provider_message_id is 'The provider''s own id of the message.';
comment on column sms_line.next_attempt_at is 'Not to be tried before.';
comment on column sms_line.last_error is 'Why the last try did not work.';
comment on column sms_line.text is 'The text; empty until it is first claimed.';
comment on column sms_line.call_id is 'The call: call.id.';
comment on column sms_line.tenant_id is 'Whose call it was: tenant.id.';
comment on column sms_line.time_zone is 'The tenant''s zone: what time it was for them.';

create function daily_report(first_day date, last_day date) returns table (
    day date, tenant_id bigint, tenant text, calls bigint, answered bigint, missed bigint, refused bigint, interrupted bigint,
    answer_seconds_mean numeric, answer_seconds_p95 numeric, talk_minutes numeric,
    sms bigint, sms_sent bigint, sms_delivered bigint, sms_failed bigint, sms_waiting bigint
)
    language sql stable
as $$
    with called as (
        select (c.arrived_at at time zone coalesce(t.time_zone, 'Asia/Ho_Chi_Minh'))::date as day, c.tenant_id,
            count(*) as calls,
            count(*) filter (where c.outcome = 'answered' and not c.false_answer) as answered,
            count(*) filter (where c.outcome = 'missed' or c.false_answer) as missed,
            count(*) filter (where c.outcome = 'refused') as refused,
            count(*) filter (where c.outcome = 'interrupted') as interrupted,
            round(avg(c.ring_ms) filter (where c.outcome = 'answered' and not c.false_answer) / 1000, 1) as mean,
            round((percentile_cont(0.95) within group (order by c.ring_ms)
                filter (where c.outcome = 'answered' and not c.false_answer) / 1000)::numeric, 1) as p95,
            round(coalesce(sum(c.talk_ms), 0) / 60000.0, 1) as talked
        from call c left join tenant t on t.id = c.tenant_id
        -- Two days more on either side: the days are those of each tenant's zone.
        where c.arrived_at >= (first_day - 2)::timestamptz and c.arrived_at < (last_day + 3)::timestamptz
        group by 1, 2
    ), texted as (
        select (c.arrived_at at time zone coalesce(t.time_zone, 'Asia/Ho_Chi_Minh'))::date as day, c.tenant_id,
            count(*) filter (where n.state not in ('not_applicable', 'withheld')) as sms,
            count(*) filter (where n.accepted_at is not null) as sent,
            count(*) filter (where n.state = 'delivered') as delivered,
            count(*) filter (where n.state in ('failed', 'expired')) as failed,
            count(*) filter (where n.state in ('queued', 'sending', 'unknown')) as waiting
        from call c join notification n on n.call_id = c.id left join tenant t on t.id = c.tenant_id
        where c.arrived_at >= (first_day - 2)::timestamptz and c.arrived_at < (last_day + 3)::timestamptz
        group by 1, 2
    )
    select c.day, c.tenant_id, coalesce(t.name, ''), c.calls, c.answered, c.missed, c.refused, c.interrupted, c.mean, c.p95, c.talked,
        coalesce(s.sms, 0), coalesce(s.sent, 0), coalesce(s.delivered, 0), coalesce(s.failed, 0), coalesce(s.waiting, 0)
    from called c
    left join texted s on s.day = c.day and s.tenant_id = c.tenant_id
    left join tenant t on t.id = c.tenant_id
    where c.day between first_day and last_day
    order by c.day, 3, 2;
$$;
comment on function daily_report(date, date) is
    'A line for each day, first to last by the tenant''s own clock, and tenant (empty: calls to no hotline): calls and what became of them; seconds to the answer, mean and the 95th of a hundred; minutes talked; SMS that were to be sent, were taken by the provider, are known to have arrived, failed or expired, still wait. An answer that was none (false_answer) counts as missed. `extgroup report` shows it.';
