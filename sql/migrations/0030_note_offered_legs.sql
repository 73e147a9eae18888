-- why:      a leg may leave after its call came: the next step of a group, a delayed member, another gateway. Its event is
--           `offered`, and a call may ring longer than its group's ring time.
-- when:     after 0025.
-- locks:    SHARE UPDATE EXCLUSIVE on call, call_event and call_leg for a moment: only comments.
-- requires: 0005_create_ledger.

comment on column call_event.kind is
    'received, refused, offered, rang, failed, answered, answered_elsewhere, missed, timed, ended (kemi/domain/events.py); and what the ledger itself concludes: interrupted, the edge died while it rang; stood, the answer was not over after min_talk_seconds.';
comment on column call.ring_seconds is 'How long it may ring in all: the group''s ring time, or that of all its steps.';
comment on column call_leg.attempt is 'Which try at this member: 0 is the first; each goes through another gateway.';
