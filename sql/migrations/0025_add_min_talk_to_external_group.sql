-- why:      a voicemail, or a voice that says "not available", answers too: nobody has talked to the caller, and nobody
--           was told. A group may ask that an answer stands for some seconds before it counts.
-- when:     after 0008, before the edges of this version start: they read and write the columns. Older ones go on.
-- locks:    ACCESS EXCLUSIVE on external_group and call, for a moment: no row is rewritten or read; then SHARE on call while
--           its index, which is empty at first, is built: one pass, 0.2 s a million rows. Calls do not wait.
-- requires: 0008_add_retention.

alter table external_group add column min_talk_seconds integer not null default 0
    constraint external_group_min_talk_is_0_to_60_seconds check (min_talk_seconds between 0 and 60);
comment on column external_group.min_talk_seconds is
    'An answered call that ends before this many seconds counts as missed for the SMS: voicemail, "the subscriber is not available". The SMS of an answer that stands goes out after them. 0 to 60; 0: every answer counts, at once.';

alter table call
    add column min_talk_seconds integer not null default 0,
    add column false_answer boolean not null default false,
    add column confirm_at timestamptz,
    add column confirm_mono_ns bigint,
    add constraint call_with_a_false_answer_was_answered check (not false_answer or outcome = 'answered');
comment on column call.min_talk_seconds is 'How long an answer had to stand then, in seconds.';
comment on column call.false_answer is
    'Answered, and over before min_talk_seconds: members were told as if it had been missed. The reason says how long it was.';
comment on column call.confirm_at is
    'While an answer is not yet known to stand: when it will be (answered_at + min_talk_seconds). Nobody is told before. Else empty.';
comment on column call.confirm_mono_ns is
    'The same by the monotonic clock of its node, in ns; it goes before confirm_at until the node is booted anew.';
comment on column call.reason is 'Why it was missed or refused, why its answer was none, or why the edge hung up.';
comment on column call_event.kind is
    'received, refused, rang, failed, answered, answered_elsewhere, missed, timed, ended (kemi/domain/events.py); and what the ledger itself concludes: interrupted, the edge died while it rang; stood, the answer was not over after min_talk_seconds.';
-- answers that may count by now (ledger.sql: answers_that_stood)
create index call_to_confirm on call (node) where confirm_at is not null;
