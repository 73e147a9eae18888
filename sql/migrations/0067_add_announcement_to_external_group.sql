-- why:      a caller may have to be told something before anybody rings: that the call is recorded, say.
-- when:     after 0066, before the edges of this version start: their compiler reads the column. Older ones go on.
-- locks:    ACCESS EXCLUSIVE on external_group for a moment: no row is rewritten; one pass for the new check.
-- requires: 0065_create_sound.sql

alter table external_group
    add column announcement_id bigint,
    add constraint announcement_is_of_the_same_tenant foreign key (announcement_id, tenant_id)
        references sound (id, tenant_id),
    add constraint external_group_announces_and_lets_nothing_else_be_heard
        check (announcement_id is null or early_media = 'ringback');
comment on column external_group.announcement_id is
    'What the caller hears once, before anybody rings: sound.id, of the same tenant, 30 seconds at most. Members ring when it is over; then he hears the waiting sound, or a ringing tone. As for waiting_sound_id, media must be anchored; a caller who requires 100rel is not told. Empty: nothing.';
-- the check when a sound is deleted; the groups of a sound that is loaded anew
create index external_group_by_announcement on external_group (announcement_id) where announcement_id is not null;
comment on column external_group.record is
    'never, or always: every answered call is recorded, from the answer to its end, where its media is anchored. Whether those who talk must be told is for the law where they are: announcement_id tells the caller.';

create or replace function note_sound_change() returns trigger
    language plpgsql
as $$
declare
    noted bigint;
begin
    insert into routing_change (kind, key)
    select distinct 'external_group', external_group.id
    from new_rows join external_group on new_rows.id in (external_group.waiting_sound_id, external_group.announcement_id);
    get diagnostics noted = row_count;
    if noted > 0 then
        notify routing_change;
    end if;
    return null;
end
$$;
