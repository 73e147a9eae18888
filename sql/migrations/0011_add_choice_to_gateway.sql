-- why:      several gateways share the legs (weight, prefixes), each with its own manners (proxy, identity), its limits
--           and its health; a leg moves on to the next one when its gateway is silent.
-- when:     after 0010, together with the edges of this version: the column asserted_identity goes, and an older compiler
--           that reads it stops with an error (calls go on by the table as it is).
-- locks:    ACCESS EXCLUSIVE on gateway and trunk for a moment; both are small.
-- requires: 0002_create_tenant_trunk_gateway.

create function e164_prefix(spelling text, country text default '84') returns text
    language plpgsql immutable strict parallel safe
as $$
declare
    bare text := translate(spelling, ' .-()/' || chr(160), '');
    prefix text := case
        when bare like '+%' then bare
        when bare like '00%' then '+' || substr(bare, 3)
        when bare like '0%' then '+' || country || substr(bare, 2)
        else '+' || bare
    end;
begin
    if prefix !~ '^\+([1-9][0-9]{0,13})?$' then
        raise exception '"%" is not the beginning of a telephone number', spelling
            using errcode = 'invalid_text_representation',
                  hint = 'Write it like 098, with its country like +8498 or 8498; + alone stands for every number.';
    end if;
    return prefix;
end
$$;
comment on function e164_prefix(text, text) is
    'The beginning of telephone numbers in any spelling people type (098, +8498, 8498, 008498) as that of E.164: +8498. Without 0 or + it begins with its country. + alone is the beginning of all.';

create function prefix_to_e164() returns trigger
    language plpgsql
as $$
begin
    new.prefix := e164_prefix(new.prefix);
    return new;
end
$$;
comment on function prefix_to_e164() is 'Trigger: the column "prefix" takes every spelling and keeps that of E.164.';

alter table gateway
    add column weight integer not null default 1
        constraint gateway_weight_is_1_to_1000 check (weight between 1 and 1000),
    add column outbound_proxy text
        constraint gateway_outbound_proxy_is_an_address check (case
            when outbound_proxy ~ '^[0-9.]+(:[1-9][0-9]{0,4})?$'
                then family(split_part(outbound_proxy, ':', 1)::inet) = 4
            when outbound_proxy ~ '^\[[0-9A-Fa-f:.]+\](:[1-9][0-9]{0,4})?$'
                then family(substring(outbound_proxy from '\[(.*)\]')::inet) = 6
            else outbound_proxy is null
        end and coalesce(substring(outbound_proxy from '[].0-9]:([0-9]+)$')::integer, 5060) <= 65535),
    add column max_channels integer
        constraint gateway_has_one_channel_at_least check (max_channels >= 1),
    add column max_calls_per_second integer
        constraint gateway_takes_one_call_a_second_at_least check (max_calls_per_second >= 1),
    add column first_response_ms integer not null default 5000
        constraint gateway_first_response_is_500_to_30000_ms check (first_response_ms between 500 and 30000),
    add column probe_seconds integer not null default 0
        constraint gateway_probe_is_off_or_5_to_3600_seconds check (probe_seconds = 0 or probe_seconds between 5 and 3600),
    add column identity text not null default 'p_asserted'
        constraint gateway_identity_is_known check (identity in ('none', 'p_asserted', 'p_preferred', 'remote_party_id'));
update gateway set identity = 'none' where not asserted_identity;
alter table gateway drop column asserted_identity;
comment on column gateway.priority is
    'Lower is tried first. Among gateways of a member''s longest prefix; equals share the calls by weight.';
comment on column gateway.weight is 'Its share of the calls among gateways of the same priority, 1 to 1000: 3 gets three times as many as 1.';
comment on column gateway.outbound_proxy is
    'Where its requests are sent instead of host and port: 192.0.2.1, 192.0.2.1:5070 or [2001:db8::1]:5070; an address, never a name. Empty: to itself.';
comment on column gateway.max_channels is 'Most legs at once, ringing and talking; more go to the next gateway. Empty: no limit.';
comment on column gateway.max_calls_per_second is 'Most legs that are begun in a second: five members are five. Empty: no limit.';
comment on column gateway.first_response_ms is
    'How long a leg waits for the gateway''s first answer, 500 to 30000 ms, until it goes on to the next gateway.';
comment on column gateway.probe_seconds is
    'How often it is asked by OPTIONS whether it is there, 5 to 3600 seconds; one that does not answer gets no legs until it does. 0: never, it is taken to be there.';
comment on column gateway.identity is
    'In which header it is told the outbound number beside From: p_asserted (P-Asserted-Identity), p_preferred (P-Preferred-Identity), remote_party_id (Remote-Party-ID), none.';

create table gateway_prefix (
    gateway_id bigint not null
        constraint gateway_prefix_has_a_gateway_that_exists references gateway on delete cascade,
    prefix text not null
        constraint gateway_prefix_is_the_beginning_of_a_number check (prefix ~ '^\+([1-9][0-9]{0,13})?$'),
    primary key (gateway_id, prefix)
);
comment on table gateway_prefix is
    'The members'' numbers that a gateway takes, by how they begin; a gateway without a row takes all. The gateway with the longest prefix goes first (a Viettel number through Viettel''s), whatever the priorities; those with shorter ones, or none, are tried after it.';
comment on column gateway_prefix.gateway_id is 'Who takes them: gateway.id.';
comment on column gateway_prefix.prefix is 'How the numbers begin, in any spelling (098, +8498); kept as that of E.164.';
create trigger gateway_prefix_to_e164 before insert or update of prefix on gateway_prefix
    for each row execute function prefix_to_e164();

alter table trunk
    add column max_calls_per_second integer
        constraint trunk_brings_one_call_a_second_at_least check (max_calls_per_second >= 1),
    add column over_limit_code integer not null default 503
        constraint trunk_over_limit_code_is_486_or_503 check (over_limit_code in (486, 503));
comment on column trunk.max_calls_per_second is 'Most calls that are taken from it in a second; empty: no limit.';
comment on column trunk.over_limit_code is 'What a call over max_calls_per_second gets: 503, try another way, or 486, busy.';
