-- why:      a call's voice goes through an rtpengine, so that neither side sees the other's media address; the operator
--           says for which trunks and gateways it need not.
-- when:     after 0042.
-- locks:    ACCESS EXCLUSIVE on trunk and gateway for a moment; both are small.
-- requires: 0002_create_tenant_trunk_gateway.

alter table trunk
    add column media text not null default 'anchored'
        constraint trunk_media_is_known check (media in ('anchored', 'direct')),
    add column without_media text not null default 'refuse'
        constraint trunk_without_media_is_known check (without_media in ('refuse', 'direct'));
comment on column trunk.media is
    'anchored: the voice of its calls goes through an rtpengine, where one is configured (RTPENGINE). direct: it need not; it then goes straight from side to side, and each sees the other''s media address, if all gateways that the call may ring through are direct, too.';
comment on column trunk.without_media is
    'What becomes of a new call whose voice should be anchored when no rtpengine answers. refuse: 503, nobody learns an address. direct: it rings, its voice goes straight from side to side.';

alter table gateway
    add column media text not null default 'anchored'
        constraint gateway_media_is_known check (media in ('anchored', 'direct'));
comment on column gateway.media is
    'anchored: the voice of calls through it goes through an rtpengine, where one is configured (RTPENGINE). direct: it need not, if the trunk of the call is direct, too.';
