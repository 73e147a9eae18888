-- why:      one carrier wants its voice encrypted (SRTP, keys in SDP), another speaks IPv6; the caller's side needs neither.
-- when:     after 0060.
-- locks:    ACCESS EXCLUSIVE on gateway for a moment; it is small.
-- requires: 0060_add_media_to_trunk_and_gateway.

alter table gateway
    add column srtp boolean not null default false,
    add column media_family smallint
        constraint gateway_media_family_is_4_or_6 check (media_family in (4, 6));
comment on column gateway.srtp is
    'Whether anchored voice is encrypted between the edge and this gateway (SRTP, keys by SDES in SDP: RFC 4568), whatever the caller''s side speaks.';
comment on column gateway.media_family is
    '4 or 6: in which IP family this gateway gets the address of anchored voice. NULL: in that of its host. The edge needs an RTP_ADDRESS of that family.';
