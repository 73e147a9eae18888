-- why:      what call_is_over(call) said before 0021, of columns: a function of a table's row keeps the table from being changed.
-- when:     right after 0021; the ledger writers of this version purge with it.
-- locks:    none that anybody waits for.
-- requires: 0021_free_call_of_its_function.

create function call_is_over(outcome text, ended_at timestamptz, arrived_at timestamptz) returns boolean
    language sql stable
    return outcome in ('missed', 'refused', 'interrupted')
        or ended_at is not null
        -- its BYE is lost: no call is longer than 7 days (MAX_CALL_SECONDS)
        or (outcome = 'answered' and arrived_at < now() - interval '8 days');
comment on function call_is_over(text, timestamptz, timestamptz) is
    'Whether nothing more will happen to such a call: only then may it be purged.';
