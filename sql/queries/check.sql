-- What `extgroup check` lists (kemi/check): who belongs to what, with the names that people gave.

-- name: groups
select id, tenant_id from external_group where id = any(%(groups)s);

-- name: members
select group_id, id, number, name from group_member where group_id = any(%(groups)s) order by group_id, position, id;

-- name: trunks
select trunk_id, name, addresses, reason from trunk_check order by name, trunk_id;

-- name: gateways
select gateway_id, name, host, port, transport, outbound_proxy, srtp, reason from gateway_check order by name, gateway_id;

-- name: unreached_groups
select group_id from unreached_group;
