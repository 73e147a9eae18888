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

-- name: texts
select t.name, array_remove(array[first.name, second.name], null), t.reason
from sms_check t
left join sms_provider first on first.id = t.provider_id
left join sms_provider second on second.id = t.fallback_provider_id
order by t.name, t.tenant_id;

-- name: providers
select c.provider_id, c.name, c.reason, c.left_alone, c.probe_at, c.variables, c.files, p.enabled
from sms_provider_check c join sms_provider p on p.id = c.provider_id
where exists (select from sms_check t where c.provider_id in (t.provider_id, t.fallback_provider_id))
order by c.name, c.provider_id;
