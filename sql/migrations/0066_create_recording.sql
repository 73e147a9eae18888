-- why:      answered calls of a group may be recorded; where a recording is, how long it is kept, and why there is none.
-- when:     after 0065, before the edges of this version start: they read and write it. Older ones go on.
-- locks:    ACCESS EXCLUSIVE on external_group for a moment: no row is rewritten.
-- requires: 0005_create_ledger.sql, 0065_create_sound.sql

alter table external_group
    add column record text not null default 'never'
        constraint external_group_record_is_never_or_always check (record in ('never', 'always')),
    add column keep_recordings_days integer not null default 90
        constraint external_group_keeps_recordings_1_to_3650_days check (keep_recordings_days between 1 and 3650);
comment on column external_group.record is
    'never, or always: every answered call is recorded, from the answer to its end, where its media is anchored. Whether those who talk must be told is for the law where they are: a waiting sound may say so.';
comment on column external_group.keep_recordings_days is
    'How many days a recording is kept, 1 to 3650; or until its call is purged (tenant.keep_calls_days), if that is sooner.';

create table recording (
    call_id text primary key,
    node text not null,
    keep_days integer not null,
    wanted_at timestamptz not null default now(),
    state text not null default 'wanted'  -- wanted → made | lost;  made → purged;  lost → made (it was found after all)
        constraint recording_state_is_known check (state in ('wanted', 'made', 'lost', 'purged')),
    file text,
    seconds numeric(8, 1),
    made_at timestamptz,
    keep_until timestamptz,
    why text,
    constraint recording_that_is_made_has_a_file check ((state = 'made') = (file is not null)),
    constraint recording_that_is_made_ends_some_day check (state <> 'made' or keep_until is not null)
);
comment on table recording is 'The recordings of answered calls: one row each, from the answer on.';
comment on column recording.call_id is 'Which call: call.id.';
comment on column recording.node is 'The edge that took the call, and has the file.';
comment on column recording.keep_days is 'What external_group.keep_recordings_days said when the call came.';
comment on column recording.wanted_at is 'When the answer was written down.';
comment on column recording.state is
    'wanted: the call goes on, or its file is being made; made; lost: there is none, see why; purged: its time was over.';
comment on column recording.file is
    'The file, in VAR_DIR/recordings of its edge: Ogg Opus, the caller on the left, the member on the right.';
comment on column recording.seconds is 'How long it is.';
comment on column recording.made_at is 'When the file was there.';
comment on column recording.keep_until is 'When it is deleted.';
comment on column recording.why is 'Why there is none.';
-- what is still to come, or never will (recording.sql: overdue)
create index recording_by_node_if_wanted on recording (node, wanted_at) where state = 'wanted';
-- what is to be deleted (recording.sql: expired)
create index recording_by_keep_until on recording (node, keep_until) where state = 'made';

comment on column sound.wide is 'The same for G.722 and Opus: a WAV file, A-law, 16000 Hz, one channel.';
