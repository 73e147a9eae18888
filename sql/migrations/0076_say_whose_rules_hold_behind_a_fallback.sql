-- why:      behind a fallback, what is announced and recorded is the rule of the group that rings (kemi/decisions/0057).
-- when:     after 0067.
-- locks:    none that anybody waits for: only comments.
-- requires: 0067_add_announcement_to_external_group.sql

comment on column external_group.record is
    'never, or always: every call that a member of this group answers is recorded, from the answer to its end, where its media is anchored; behind a fallback, too. Whether those who talk must be told is for the law where they are: announcement_id tells the caller.';
comment on column external_group.announcement_id is
    'What the caller hears once, before anybody of this group rings, behind a fallback, too: sound.id, of the same tenant, 30 seconds at most. Members ring when it is over; then he hears the waiting sound, or a ringing tone. As for waiting_sound_id, media must be anchored; a caller who requires 100rel is not told. Empty: nothing.';
comment on column recording.keep_days is 'What external_group.keep_recordings_days of the group that rang said.';
