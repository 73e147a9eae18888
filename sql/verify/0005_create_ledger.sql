-- The ledger stands alone: none of its tables refers to the configuration, and an event is kept once.
do $$
declare
    reference text;
begin
    select string_agg(conname, ', ') into reference
    from pg_constraint
    where contype = 'f' and conrelid in ('call'::regclass, 'call_leg'::regclass, 'call_event'::regclass)
      and confrelid not in ('call'::regclass);
    if reference is not null then
        raise exception 'the ledger would not outlive the configuration: %', reference;
    end if;
    insert into call_event (event_id, call_id, kind, at, mono_ns, instance, node, body)
    select 'v.1', 'v', 'rang', now(), 1, 'v', 'v', '{}' from generate_series(1, 2)
    on conflict (event_id) do nothing;
end
$$;
