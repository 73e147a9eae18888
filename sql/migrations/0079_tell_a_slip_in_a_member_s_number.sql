-- why:      a member's number with a digit too few was called a premium or service number, and one too many was rung.
-- when:     after 0078.
-- locks:    none that anybody waits for.
-- requires: 0015_create_ringing_checks

create or replace view member_check as
with member as (
    select m.id, m.group_id, m.number, m.name, m.position, m.verified_at, g.tenant_id, t.time_zone, t.plan_id,
        outbound.number as outbound,
        case
            when exists (select from hotline h where h.number = m.number and h.enabled)
                then 'the member is one of our own hotlines'
            when not m.enabled then 'the member is disabled'
            -- 1900, 1800, services; premium numbers abroad are known to make check only
            when m.number like '+841%' then 'the member''s number is a premium or service number'
            when m.number like '+84%' and length(m.number) <> 12 and (m.number not like '+842%' or length(m.number) <> 13)
                then 'the member''s number is no mobile and no landline: a digit is missing, or one is too many'
        end as never
    from group_member m
    join external_group g on g.id = m.group_id
    join hotline outbound on outbound.id = g.outbound_hotline_id
    join tenant t on t.id = g.tenant_id
), ranked as (
    select member.*,
        first_value(id) over by_number as first_id,
        row_number() over by_number as turn
    from member
    window by_number as (partition by group_id, number order by never is not null, position, id)
), judged as (
    select ranked.*,
        case
            when turn > 1 then 'the same number as member ' || first_id || ': it rings once'
            when never is not null then never
            when case when exists (select from tenant_destination d where d.tenant_id = ranked.tenant_id)
                    then not exists (select from tenant_destination d
                                     where d.tenant_id = ranked.tenant_id and starts_with(ranked.number, d.prefix))
                    else ranked.number not like '+84%' end
                then 'the tenant does not allow this destination'
            when exists (select from plan_destination d where d.plan_id = ranked.plan_id)
                and not exists (select from plan_destination d
                                where d.plan_id = ranked.plan_id and starts_with(ranked.number, d.prefix))
                then 'the plan does not allow this destination'
            when plan.verified_members_only and verified_at is null then 'the plan rings verified members only'
            when exists (select from member_hours h where h.member_id = ranked.id)
                and not exists (
                    select from member_hours h
                    where h.member_id = ranked.id and h.weekday = extract(isodow from now() at time zone time_zone)
                      and (now() at time zone time_zone)::time >= h.from_time
                      and (now() at time zone time_zone)::time < h.until_time)
                then 'it is not one of the member''s hours'
            when not exists (select from gateway_number n join gateway w on w.id = n.gateway_id
                             where n.number = ranked.outbound and w.enabled)
                then 'no enabled gateway accepts the outbound number'
            when not exists (
                select from gateway_number n join gateway w on w.id = n.gateway_id
                where n.number = ranked.outbound and w.enabled and (
                    not exists (select from gateway_prefix p where p.gateway_id = w.id)
                    or exists (select from gateway_prefix p where p.gateway_id = w.id and starts_with(ranked.number, p.prefix))))
                then 'no gateway takes the member''s number'
        end as reason,
        least(30, plan.max_members) as most
    from ranked join plan on plan.id = ranked.plan_id
), counted as (
    select judged.*, row_number() over (partition by group_id, reason is null order by position, id) as place
    from judged
)
select group_id, id as member_id, number, name,
    coalesce(reason, case when place > most then 'only ' || most || ' members may ring' end) as reason
from counted;
