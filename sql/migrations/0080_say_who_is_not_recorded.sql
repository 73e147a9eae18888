-- why:      who was to be told before that he is recorded, and was not, is not recorded (kemi/decisions/0055).
-- when:     after 0076.
-- locks:    none that anybody waits for: only comments.
-- requires: 0076_say_whose_rules_hold_behind_a_fallback.sql

comment on column external_group.record is
    'never, or always: every call that a member of this group answers is recorded, from the answer to its end, where its media is anchored; behind a fallback, too. Whether those who talk must be told is for the law where they are: announcement_id tells the caller, and who was not told is not recorded then.';
comment on column external_group.announcement_id is
    'What the caller hears once, before anybody of this group rings, behind a fallback, too: sound.id, of the same tenant, 30 seconds at most. Members ring when it is over; then he hears the waiting sound, or a ringing tone. As for waiting_sound_id, media must be anchored; who requires 100rel, or sends no SDP in his INVITE, is not told: his call rings at once, and is not recorded whatever record says. The same where it could not be played. Empty: nothing.';
