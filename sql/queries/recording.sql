-- The recorder's statements (kemi/recording/keeper.py).

-- name: state
-- No row: the ledger has not heard of the answer yet.
select recording.state, call.ended_at is not null, extract(epoch from recording.made_at)::float,
    extract(epoch from call.answered_at)::float
from recording join call on call.id = recording.call_id
where recording.call_id = %(call)s;

-- name: made
update recording
set state = 'made', file = %(file)s, seconds = %(seconds)s, made_at = now(), why = %(why)s,
    keep_until = now() + make_interval(days => keep_days)
where call_id = %(call)s and state in ('wanted', 'lost', 'made');

-- name: lost
update recording set state = 'lost', why = %(why)s where call_id = %(call)s and state = 'wanted';

-- name: overdue
-- Calls that ended a while ago, of which no file has come.
select recording.call_id
from recording join call on call.id = recording.call_id
where recording.node = %(node)s and recording.state = 'wanted'
    and (call.ended_at < now() - %(grace)s * interval '1 second' or recording.wanted_at < now() - interval '2 days')
    and recording.call_id <> all (%(here)s);

-- name: expired
-- Their own time is over, or that of their call is.
select call_id, file from recording
where node = %(node)s and state = 'made'
    and (keep_until < now() or exists (select from call where call.id = recording.call_id and call.purged_at is not null))
limit 1000;

-- name: purged
update recording set state = 'purged', file = null, keep_until = null where call_id = any (%(calls)s);

-- name: here
-- An edge that was given another name keeps its files, and purges them.
update recording set node = %(node)s where call_id = any (%(calls)s) and node <> %(node)s and state = 'made';

-- name: unknown
-- Which of these calls have no file, as far as the rows go.
select call_id from unnest(%(calls)s::text[]) as f (call_id)
where not exists (select from recording where recording.call_id = f.call_id and state = 'made');
