-- why:      whoever has psql open sees there what would not ring, and why, without the edge's program.
-- when:     after 0014.
-- locks:    none that anybody waits for.
-- requires: 0014_note_changes_of_rules.

-- The twin of kemi/domain/routing.py and kemi/check/verdict.py; tests/integration/test_check_view.py holds them together.
create view member_check as
with member as (
    select m.id, m.group_id, m.number, m.name, m.position, m.verified_at, g.tenant_id, t.time_zone, t.plan_id,
        outbound.number as outbound,
        case
            when exists (select from hotline h where h.number = m.number and h.enabled)
                then 'the member is one of our own hotlines'
            when not m.enabled then 'the member is disabled'
            -- 1900, 1800, services, and what is no number of Vietnam; premium numbers abroad are known to make check only
            when m.number like '+841%' or (m.number like '+84%' and length(m.number) not in (12, 13))
                then 'the member''s number is a premium or service number'
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
comment on view member_check is
    'Whether each member of a group may ring now, whatever the group: the tables'' own answer. make check knows more (premium numbers abroad, the workers'' routing table).';
comment on column member_check.group_id is 'The group: external_group.id.';
comment on column member_check.member_id is 'The member: group_member.id.';
comment on column member_check.number is 'His number.';
comment on column member_check.name is 'His name.';
comment on column member_check.reason is 'Why he does not ring now; empty: he does.';

create view group_check as
select g.id as group_id, g.tenant_id, g.name,
    nullif(concat_ws('; ',
        case when not g.enabled then 'the group is disabled' end,
        case when not outbound.enabled then 'outbound number ' || outbound.number || ' is disabled' end,
        case when not outbound.outbound_allowed then 'outbound number ' || outbound.number || ' may not call out' end,
        case when outbound.expires_at <= now() then 'the group''s outbound number has expired' end,
        case when not exists (select from gateway_number n where n.number = outbound.number)
            then 'no gateway accepts outbound number ' || outbound.number end,
        case when not exists (select from member_check c where c.group_id = g.id and c.reason is null)
            then 'the group has no member that can ring' end
    ), '') as reason
from external_group g join hotline outbound on outbound.id = g.outbound_hotline_id;
comment on view group_check is 'Whether each group can ring now, for itself, whatever it falls back to.';
comment on column group_check.group_id is 'The group: external_group.id.';
comment on column group_check.tenant_id is 'Whose it is: tenant.id.';
comment on column group_check.name is 'Its name.';
comment on column group_check.reason is 'Why it cannot ring now; empty: it can. member_check says it of each member.';

create view hotline_check as
with led as (
    select h.id, h.tenant_id, h.number, h.enabled, h.inbound_allowed, h.expires_at, h.external_group_id,
        t.enabled as tenant_enabled, t.plan_expires_at,
        special.id is not null or slot.id is not null as holds,
        case when special.id is not null then special.external_group_id else slot.external_group_id end as held_group_id,
        exists (select from hotline_slot s where s.hotline_id = h.id)
            or exists (select from hotline_special_day s where s.hotline_id = h.id) as has_schedule
    from hotline h join tenant t on t.id = h.tenant_id
    left join hotline_special_day special on special.hotline_id = h.id
        and special.day = (now() at time zone t.time_zone)::date
        and (now() at time zone t.time_zone)::time >= special.from_time
        and (now() at time zone t.time_zone)::time < special.until_time
    left join hotline_slot slot on slot.hotline_id = h.id
        and slot.weekday = extract(isodow from now() at time zone t.time_zone)
        and (now() at time zone t.time_zone)::time >= slot.from_time
        and (now() at time zone t.time_zone)::time < slot.until_time
)
select id as hotline_id, number, case when holds then held_group_id else external_group_id end as group_id,
    case
        when not enabled then 'the hotline is disabled'
        when not inbound_allowed then 'the hotline takes no inbound calls'
        when external_group_id is null and not has_schedule then 'the hotline has no group'
        when not tenant_enabled then 'the tenant is disabled'
        when plan_expires_at <= now() then 'the tenant''s plan has expired'
        when expires_at <= now() then 'the hotline has expired'
        when case when holds then held_group_id else external_group_id end is null then 'the hotline is closed now'
    end as reason
from led;
comment on view hotline_check is
    'Whether each hotline takes calls now, and which group it rings: select * from hotline_check left join group_check using (group_id).';
comment on column hotline_check.hotline_id is 'The hotline: hotline.id.';
comment on column hotline_check.number is 'Its number.';
comment on column hotline_check.group_id is 'The group that rings now, if it can: external_group.id; empty: closed, or it has none.';
comment on column hotline_check.reason is 'Why it takes no call now; empty: it does.';
