-- why:      what a tenant may do is data: a trial plan rings verified members of some networks only, few of them, not for
--           long; and nobody's members may be numbers that cost a fortune (toll fraud).
-- when:     after 0012. A member that is not a national mobile or landline does not ring from then on until its
--           country is in tenant_destination.
-- locks:    ACCESS EXCLUSIVE on plan and tenant for a moment.
-- requires: 0011_add_choice_to_gateway.

alter table plan
    add column verified_members_only boolean not null default false,
    add column max_call_seconds integer
        constraint plan_max_call_is_10_to_604800_seconds check (max_call_seconds between 10 and 604800),
    add column max_concurrent_calls integer
        constraint plan_lets_at_least_one_call_be check (max_concurrent_calls >= 1),
    add column over_limit_code integer not null default 486
        constraint plan_over_limit_code_is_486_or_503 check (over_limit_code in (486, 503));
comment on column plan.max_members is 'Most members of a group that a call rings; empty: no limit but the edge''s own (30).';
comment on column plan.verified_members_only is 'On: only members with verified_at ring (a trial plan).';
comment on column plan.max_call_seconds is 'Longest time people talk, 10 to 604800 seconds, then the edge hangs up both sides; empty: no limit but MAX_CALL_SECONDS.';
comment on column plan.max_concurrent_calls is 'Most calls of a tenant at once, ringing and talking; empty: no limit.';
comment on column plan.over_limit_code is 'What a call over max_concurrent_calls gets: 486, busy, or 503, try another way.';

create table plan_destination (
    plan_id bigint not null
        constraint plan_destination_has_a_plan_that_exists references plan on delete cascade,
    prefix text not null
        constraint plan_destination_is_the_beginning_of_a_number check (prefix ~ '^\+([1-9][0-9]{0,13})?$'),
    primary key (plan_id, prefix)
);
comment on table plan_destination is
    'The members'' numbers that a plan lets ring, by how they begin; a plan without a row sets no limit. The tenant''s own (tenant_destination) holds as well.';
comment on column plan_destination.plan_id is 'The plan: plan.id.';
comment on column plan_destination.prefix is 'How the numbers begin, in any spelling (098, +8498); kept as that of E.164.';
create trigger plan_destination_to_e164 before insert or update of prefix on plan_destination
    for each row execute function prefix_to_e164();

alter table tenant add column plan_expires_at timestamptz
    constraint tenant_plan_expires_at_a_date_or_never check (isfinite(plan_expires_at));
comment on column tenant.plan_expires_at is 'From this moment on none of its hotlines rings: what it has paid for is over; empty: never.';
comment on column tenant.time_zone is
    'The zone of the times in its SMS, its schedules and its members'' hours, by its IANA name: Asia/Ho_Chi_Minh.';

create table tenant_destination (
    tenant_id bigint not null
        constraint tenant_destination_has_a_tenant_that_exists references tenant on delete cascade,
    prefix text not null
        constraint tenant_destination_is_the_beginning_of_a_number check (prefix ~ '^\+([1-9][0-9]{0,13})?$'),
    primary key (tenant_id, prefix)
);
comment on table tenant_destination is
    'The numbers that a tenant''s members may have, by how they begin, against toll fraud. A tenant without a row: those of Vietnam (+84). With rows: only those; whoever wants one country more lists both. Premium, shared-cost and toll-free numbers (1900, 1800) never ring, listed or not.';
comment on column tenant_destination.tenant_id is 'The tenant: tenant.id.';
comment on column tenant_destination.prefix is 'How the numbers begin, in any spelling (+1, 0065, +8498); kept as that of E.164. + alone: every country.';
create trigger tenant_destination_to_e164 before insert or update of prefix on tenant_destination
    for each row execute function prefix_to_e164();
