-- why:      PostgreSQL 15.20 refuses to add a column to a table whose row is the argument of a function with a parsed body;
--           15.18 did not. So call_is_over(call) stood in the way of 0025 and of whatever comes later; 0086 has what takes its place.
-- when:     after 0020, with 0086 in one go: between the two nothing is purged, and the ledger writer says so once.
-- locks:    none that anybody waits for.
-- requires: 0008_add_retention.

drop function call_is_over(call);
