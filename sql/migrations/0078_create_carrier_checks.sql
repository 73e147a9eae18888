-- why:      what brings calls and what takes them away can be configured so that no call ever comes through; nobody is told.
-- when:     after 0015.
-- locks:    none that anybody waits for.
-- requires: 0015_create_ringing_checks

create view trunk_check as
select trunk.id as trunk_id, trunk.name, coalesce(of_trunk.addresses, '{}') as addresses,
    case
        when not trunk.enabled then 'the trunk is disabled'
        when of_trunk.addresses is null then 'the trunk has no address, so that no call is taken from it (trunk_address)'
    end as reason
from trunk
left join (
    select trunk_id, array_agg(address::text order by address) as addresses from trunk_address group by trunk_id
) of_trunk on of_trunk.trunk_id = trunk.id
union all
select null, '', '{}', 'there is no trunk, so that no call is taken from anybody (trunk, trunk_address)'
where not exists (select from trunk) and exists (select from hotline);
comment on view trunk_check is
    'Whether calls are taken from each trunk. make check also looks whether the edge listens where it can be reached from.';
comment on column trunk_check.trunk_id is 'The trunk: trunk.id; empty: there is none.';
comment on column trunk_check.name is 'Its name.';
comment on column trunk_check.addresses is 'Where its calls come from: trunk_address.address.';
comment on column trunk_check.reason is 'Why no call is taken from it; empty: they are.';

create view gateway_check as
select gateway.id as gateway_id, gateway.name, host(gateway.host) as host, gateway.port, gateway.transport,
    gateway.outbound_proxy, gateway.srtp,
    case
        when not gateway.enabled then 'the gateway is disabled'
        when of_gateway.numbers is null then 'the gateway lets out no number, so that nobody rings through it (gateway_number)'
        when not of_gateway.is_used
            then 'none of the numbers that the gateway lets out is a hotline: ' || of_gateway.numbers || ' (gateway_number)'
    end as reason
from gateway
left join (
    select gateway_id, string_agg(gateway_number.number, ', ' order by gateway_number.number) as numbers,
        bool_or(hotline.number is not null) as is_used
    from gateway_number
    left join (select distinct number from hotline) hotline on hotline.number = gateway_number.number
    group by gateway_id
) of_gateway on of_gateway.gateway_id = gateway.id;
comment on view gateway_check is
    'Whether members can ring through each gateway. make check also looks whether the edge listens where it can be reached from.';
comment on column gateway_check.gateway_id is 'The gateway: gateway.id.';
comment on column gateway_check.name is 'Its name.';
comment on column gateway_check.host is 'gateway.host.';
comment on column gateway_check.port is 'gateway.port.';
comment on column gateway_check.transport is 'gateway.transport.';
comment on column gateway_check.outbound_proxy is 'gateway.outbound_proxy.';
comment on column gateway_check.srtp is 'gateway.srtp.';
comment on column gateway_check.reason is 'Why nobody rings through it; empty: they may.';

create view unreached_group as
with recursive reached as (
    select external_group_id as id from hotline where external_group_id is not null
    union
    select external_group_id from hotline_slot where external_group_id is not null
    union
    select external_group_id from hotline_special_day where external_group_id is not null
    union
    select g.fallback_group_id from reached join external_group g on g.id = reached.id where g.fallback_group_id is not null
)
select external_group.id as group_id, external_group.name
from external_group
where external_group.enabled and not exists (select from reached where reached.id = external_group.id);
comment on view unreached_group is
    'The enabled groups that no call comes to: no hotline, no slot or special day of one, no other such group''s fallback names them.';
comment on column unreached_group.group_id is 'The group: external_group.id.';
comment on column unreached_group.name is 'Its name.';
