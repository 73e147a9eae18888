-- why:      the edge speaks TCP where SIP_TCP says so (kemi/decisions/0046); where it does not, `extgroup check` says that
--           such a gateway cannot ring.
-- when:     after 0042.
-- locks:    access exclusive on gateway, for an instant.
-- requires: nothing.

alter table gateway drop constraint gateway_transport_is_udp_until_the_edge_speaks_tcp;
comment on column gateway.transport is
    'udp, or tcp: for edges with SIP_TCP=yes; on any other the gateway gets no legs, and `extgroup check` says so.';
