-- The compiler of the routing table (kemi/table/rows.py). All are read in one snapshot, REPEATABLE READ.

-- name: horizon
select pg_snapshot_xmin(pg_current_snapshot())::text;

-- name: changes
-- What was under way at the last look has an xid at or above its horizon, however late it commits.
select id, kind, key from routing_change where xid >= (%(horizon)s)::xid8;

-- name: forget_changes
-- Whoever was away for longer compiles everything anyway when he comes back.
delete from routing_change
where at < now() - interval '7 days' and xid < pg_snapshot_xmin(pg_current_snapshot());

-- name: plans
select id, name, max_members from plan where (%(ids)s)::bigint[] is null or id = any(%(ids)s);

-- name: tenants
select id, name, enabled, plan_id, withheld_sms from tenant where (%(ids)s)::bigint[] is null or id = any(%(ids)s);

-- name: gateways
select id, name, host(host), port, transport, number_format, from_host, asserted_identity, enabled
from gateway where (%(ids)s)::bigint[] is null or id = any(%(ids)s);

-- name: gateway_priorities
select id, priority from gateway;

-- name: trunk_addresses
select trunk.id, trunk.name, trunk_address.address::text
from trunk join trunk_address on trunk_address.trunk_id = trunk.id
where trunk.enabled and ((%(ids)s)::bigint[] is null or trunk.id = any(%(ids)s));

-- name: number_page
select distinct number from hotline where number > %(after)s order by number limit %(size)s;

-- name: affected_numbers
-- A number reaches further than its own hotline: groups call out under it, and groups may hold it as a member.
with touched as (
    select id from external_group where id = any((%(groups)s)::bigint[])
    union
    select external_group.id from hotline join external_group on external_group.outbound_hotline_id = hotline.id
    where hotline.number = any((%(numbers)s)::text[])
    union
    select external_group.id from gateway_number
    join hotline on hotline.number = gateway_number.number
    join external_group on external_group.outbound_hotline_id = hotline.id
    where gateway_number.gateway_id = any((%(gateways)s)::bigint[])
    union
    select group_id from group_member where number = any((%(numbers)s)::text[])
)
select unnest((%(numbers)s)::text[])
union
select hotline.number from hotline join touched on hotline.external_group_id = touched.id;

-- name: hotlines
-- A number's enabled hotline, or else the newest disabled one: its callers are told 480, not 404.
select distinct on (hotline.number)
    hotline.number, hotline.id, hotline.tenant_id, hotline.enabled, hotline.inbound_allowed,
    floor(extract(epoch from hotline.expires_at))::bigint,
    g.id, g.name, g.strategy, g.ring_seconds, g.notify_members, g.notify_missed, g.enabled,
    outbound.number, outbound.enabled, outbound.outbound_allowed,
    floor(extract(epoch from outbound.expires_at))::bigint,
    array(
        select gateway.id from gateway_number join gateway on gateway.id = gateway_number.gateway_id
        where gateway_number.number = outbound.number
        order by gateway.priority, gateway.id
    ),
    g.min_talk_seconds
from hotline
left join external_group g on g.id = hotline.external_group_id
left join hotline outbound on outbound.id = g.outbound_hotline_id
where hotline.number = any(%(numbers)s)
order by hotline.number, hotline.enabled desc, hotline.id desc;

-- name: members
select group_member.group_id, group_member.id, group_member.number, group_member.enabled,
    exists (select from hotline where hotline.number = group_member.number and hotline.enabled)
from group_member where group_id = any(%(groups)s)
order by group_id, position, id;
