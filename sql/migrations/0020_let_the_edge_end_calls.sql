-- why:      a call that has lasted as long as its plan allows is hung up by the edge, and the ledger says so.
-- when:     after 0013, before the edges of this version start: older ones never write 'edge'.
-- locks:    ACCESS EXCLUSIVE on call while its rows are checked: about 1 s for each million of calls.
-- requires: 0005_create_ledger.

alter table call
    drop constraint call_is_ended_by_caller_or_member,
    add constraint call_is_ended_by_caller_member_or_edge check (ended_by in ('caller', 'member', 'edge'));
comment on column call.ended_by is 'Who hung up an answered call: caller, member, or edge where it lasted as long as it may (see the reason).';
