-- The compiler of the routing table (kemi/table/rows.py). All are read in one snapshot, REPEATABLE READ.

-- name: snapshot
select pg_current_snapshot()::text;

-- name: changes
-- What the last look could not see, however late it commits: its transaction began later or was under way then.
select distinct kind, key from routing_change
where xid >= pg_snapshot_xmin((%(seen)s)::pg_snapshot) and not pg_visible_in_snapshot(xid, (%(seen)s)::pg_snapshot)
limit %(most)s;

-- name: forget_changes
-- Whoever was away for longer compiles everything anyway when he comes back.
delete from routing_change
where at < now() - interval '7 days' and xid < pg_snapshot_xmin(pg_current_snapshot());

-- name: plans
select id, name, max_members, verified_members_only,
    array(select prefix from plan_destination where plan_id = plan.id order by prefix),
    max_call_seconds, max_concurrent_calls, over_limit_code
from plan where (%(ids)s)::bigint[] is null or id = any(%(ids)s);

-- name: tenants
-- Nothing listed is Vietnam.
select id, name, enabled, plan_id, withheld_sms, time_zone, floor(extract(epoch from plan_expires_at))::bigint,
    coalesce((select array_agg(prefix order by prefix) from tenant_destination where tenant_id = tenant.id), array['+84'])
from tenant where (%(ids)s)::bigint[] is null or id = any(%(ids)s);

-- name: gateways
select id, name, host(host), port, transport, number_format, from_host, identity, enabled, priority, weight,
    array(select prefix from gateway_prefix where gateway_id = gateway.id order by prefix),
    outbound_proxy, max_channels, max_calls_per_second, first_response_ms, probe_seconds,
    media, srtp, media_family
from gateway where (%(ids)s)::bigint[] is null or id = any(%(ids)s);

-- name: trunk_addresses
select trunk.id, trunk.name, trunk.max_calls_per_second, trunk.over_limit_code, trunk.media, trunk.without_media,
    trunk_address.address::text
from trunk join trunk_address on trunk_address.trunk_id = trunk.id
where trunk.enabled and ((%(ids)s)::bigint[] is null or trunk.id = any(%(ids)s));

-- name: number_page
select distinct number from hotline where number > %(after)s order by number limit %(size)s;

-- name: group_page
select id from external_group where id > %(after)s order by id limit %(size)s;

-- name: tenant_page
select id from tenant where id > %(after)s order by id limit %(size)s;

-- name: gone_numbers
select number from unnest((%(numbers)s)::text[]) as number
where not exists (select from hotline where hotline.number = number.number);

-- name: gone_groups
select id from unnest((%(groups)s)::bigint[]) as id where not exists (select from external_group where external_group.id = id.id);

-- name: gone_tenants
select id from unnest((%(tenants)s)::bigint[]) as id where not exists (select from tenant where tenant.id = id.id);

-- name: affected_numbers
-- A hotline's record holds its row and its schedule; what becomes of its groups is in theirs.
select unnest((%(numbers)s)::text[])
union
select number from hotline where id = any((%(hotlines)s)::bigint[]);

-- name: affected_groups
-- A number reaches further than its own hotline: groups call out under it, and groups may hold it as a member or fall
-- back to it.
select unnest((%(groups)s)::bigint[])
union
select external_group.id from hotline join external_group on external_group.outbound_hotline_id = hotline.id
where hotline.number = any((%(numbers)s)::text[])
union
select group_id from group_member where number = any((%(numbers)s)::text[]) or id = any((%(members)s)::bigint[])
union
select id from external_group where fallback_number = any((%(numbers)s)::text[]);

-- name: hotlines
-- A number's enabled hotline, or else the newest disabled one: its callers are told 480, not 404.
select distinct on (number)
    number, id, tenant_id, enabled, inbound_allowed, floor(extract(epoch from expires_at))::bigint,
    external_group_id, closed_code, max_calls, over_limit_code
from hotline
where number = any(%(numbers)s)
order by number, enabled desc, id desc;

-- name: slots
-- Seconds of the week; 24:00 is 86400 of its day.
select hotline_id, (weekday - 1) * 86400 + extract(epoch from from_time)::integer,
    (weekday - 1) * 86400 + extract(epoch from until_time)::integer, external_group_id
from hotline_slot where hotline_id = any(%(hotlines)s)
order by hotline_id, weekday, from_time;

-- name: special_days
-- Days as Python counts them (date.toordinal): 2000-01-01 is 730120.
select hotline_id, 730120 + (day - '2000-01-01'::date), extract(epoch from from_time)::integer,
    extract(epoch from until_time)::integer, external_group_id
from hotline_special_day where hotline_id = any(%(hotlines)s)
order by hotline_id, day, from_time;

-- name: groups
select g.id, g.name, g.strategy, g.ring_seconds, g.notify_members, g.notify_missed, g.enabled,
    outbound.number, outbound.enabled, outbound.outbound_allowed,
    floor(extract(epoch from outbound.expires_at))::bigint,
    array(select gateway_id from gateway_number where number = outbound.number order by gateway_id),
    g.min_talk_seconds,
    g.early_media, g.all_refused_code, g.fallback_group_id, g.fallback_number, g.fallback_code,
    exists (select from hotline where hotline.number = g.fallback_number and hotline.enabled),
    sound.id || '-' || left(sound.digest, 12),
    case g.record when 'always' then g.keep_recordings_days end,
    said.id || '-' || left(said.digest, 12), ceil(coalesce(said.seconds, 0) * 1000)::integer
from external_group g join hotline outbound on outbound.id = g.outbound_hotline_id
    left join sound on sound.id = g.waiting_sound_id
    left join sound said on said.id = g.announcement_id
where g.id = any(%(groups)s);

-- name: members
select group_member.group_id, group_member.id, group_member.number, group_member.enabled,
    exists (select from hotline where hotline.number = group_member.number and hotline.enabled),
    ring_seconds, delay_seconds, verified_at is not null,
    array(
        select array[(weekday - 1) * 86400 + extract(epoch from from_time)::integer,
                     (weekday - 1) * 86400 + extract(epoch from until_time)::integer]
        from member_hours where member_id = group_member.id
        order by weekday, from_time
    )
from group_member where group_id = any(%(groups)s)
order by group_id, position, id;

-- name: fallback_circles
-- Which of these groups are reached again by their own fallbacks.
with recursive walk as (
    select id as start, fallback_group_id as next, array[id] as passed
    from external_group where id = any(%(groups)s) and fallback_group_id is not null
    union all
    select walk.start, g.fallback_group_id, walk.passed || g.id
    from walk join external_group g on g.id = walk.next
    where g.id <> all(walk.passed) and g.fallback_group_id is not null
)
select distinct start from walk where next = start;

-- name: sound
select narrow, wide from sound where id = %(id)s;

-- name: sounds
-- What the files of all sounds are named.
select id || '-' || left(digest, 12) from sound;
