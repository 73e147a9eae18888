-- why:      a group is told how its members ring (strategy, waiting time, delay, hours), what the caller hears and gets,
--           and where he goes when nobody answers.
-- when:     after 0008, before the edges of this version start. Older compilers refuse nothing and ignore it all.
-- locks:    ACCESS EXCLUSIVE on external_group and group_member for a moment; both are read once for the new checks.
-- requires: 0003_create_hotline_and_external_group.

alter table external_group
    drop constraint external_group_strategy_is_known,
    add constraint external_group_strategy_is_known
        check (strategy in ('simultaneous', 'sequential', 'round_robin', 'random', 'longest_idle')),
    add column early_media text not null default 'ringback'
        constraint external_group_early_media_is_ringback_or_first check (early_media in ('ringback', 'first')),
    add column all_refused_code integer not null default 603
        constraint external_group_all_refused_code_is_603_or_480 check (all_refused_code in (603, 480)),
    add column fallback_group_id bigint
        constraint external_group_is_not_its_own_fallback check (fallback_group_id <> id),
    add column fallback_number text
        constraint external_group_fallback_number_is_e164 check (is_e164(fallback_number)),
    add column fallback_code integer
        constraint external_group_fallback_code_is_400_to_699 check (fallback_code between 400 and 699),
    add constraint external_group_has_one_fallback_at_most
        check (num_nonnulls(fallback_group_id, fallback_number, fallback_code) <= 1),
    add constraint fallback_group_is_of_the_same_tenant foreign key (fallback_group_id, tenant_id)
        references external_group (id, tenant_id);
comment on column external_group.strategy is
    'How members ring: simultaneous, all at once; sequential, one after the other by position; round_robin, the same but beginning with the one after who was first the last time; random, in an order of chance; longest_idle, first who has been without a call longest.';
comment on column external_group.ring_seconds is
    'How long members ring, 3 to 170 seconds: together where they ring at once, else each of them. A member may have a time of his own.';
comment on column external_group.early_media is
    'What the caller hears until somebody answers: ringback, the ringing tone of his own network; first, what the first member''s network plays (183), and no other''s.';
comment on column external_group.all_refused_code is 'The caller''s final code when every member declined (603, 6xx): 603 or 480.';
comment on column external_group.fallback_group_id is
    'The group that rings when nobody of this one answers or can ring: external_group.id, of the same tenant. A call passes a group once.';
comment on column external_group.fallback_number is
    'The number that rings when nobody answers or can ring, for as long as the group would, under the same outbound number; in any spelling, kept as E.164. It gets no SMS.';
comment on column external_group.fallback_code is
    'The caller''s final code when nobody answers or can ring, 400 to 699; empty, with no other fallback: the code that fits what happened.';
-- the check when a fallback group is deleted
create index external_group_by_fallback_group on external_group (fallback_group_id) where fallback_group_id is not null;
-- which groups fall back to a number that became or ceased to be a hotline (compiler.sql: affected_groups)
create index external_group_by_fallback_number on external_group (fallback_number) where fallback_number is not null;

create function fallback_number_to_e164() returns trigger
    language plpgsql
as $$
begin
    new.fallback_number := e164(new.fallback_number);
    return new;
end
$$;
comment on function fallback_number_to_e164() is 'Trigger: the column "fallback_number" takes every spelling and keeps E.164.';
create trigger external_group_fallback_number_to_e164 before insert or update of fallback_number on external_group
    for each row execute function fallback_number_to_e164();

alter table group_member
    add column ring_seconds integer
        constraint group_member_rings_3_to_170_seconds check (ring_seconds between 3 and 170),
    add column delay_seconds integer not null default 0
        constraint group_member_delay_is_0_to_120_seconds check (delay_seconds between 0 and 120),
    add column verified_at timestamptz;
comment on column group_member.position is
    'Lower comes first, among equals the lower id: the order of a sequential group, and who is left out where a plan lets fewer ring than there are.';
comment on column group_member.ring_seconds is 'How long this telephone rings, 3 to 170 seconds; empty: as long as the group says.';
comment on column group_member.delay_seconds is
    'How long this telephone waits before it rings, 0 to 120 seconds from the call or, where members ring in turn, from its turn.';
comment on column group_member.verified_at is
    'When its owner showed that it is his (a code by SMS, say); empty: not yet. Asked for by plans with verified_members_only.';

create table member_hours (
    member_id bigint not null
        constraint member_hours_has_a_member_that_exists references group_member on delete cascade,
    weekday smallint not null
        constraint member_hours_weekday_is_1_to_7 check (weekday between 1 and 7),
    from_time time(0) not null,
    until_time time(0) not null,
    primary key (member_id, weekday, from_time),
    constraint member_hours_end_after_they_begin check (from_time < until_time)
);
comment on table member_hours is
    'When a member rings, week by week, in the tenant''s time zone; a member without hours always rings. Hours end at midnight (24:00): a night is two rows, 22:00 to 24:00 and 00:00 to 06:00 of the next day.';
comment on column member_hours.member_id is 'Whose hours: group_member.id.';
comment on column member_hours.weekday is 'Day of the week, as ISO 8601 counts: 1 Monday … 7 Sunday.';
comment on column member_hours.from_time is 'He rings from this time on.';
comment on column member_hours.until_time is 'And up to this time, not at it; 24:00 is the end of the day.';
