-- why:      the edge does not speak TCP yet (kamailio.cfg): a gateway with it never rang anybody, and nothing said so.
-- when:     after 0002; until the edge listens on TCP.
-- locks:    ACCESS EXCLUSIVE on gateway for a moment; rows that are there are not looked at.
-- requires: 0002_create_tenant_trunk_gateway.

alter table gateway
    add constraint gateway_transport_is_udp_until_the_edge_speaks_tcp check (transport = 'udp') not valid;
comment on column gateway.transport is 'udp. tcp is refused: the edge does not speak it yet.';
