-- The kinds of events that are explained include what leaves later.
do $$
begin
    if col_description('call_event'::regclass, (
        select attnum from pg_attribute where attrelid = 'call_event'::regclass and attname = 'kind')) not like '%offered%' then
        raise exception 'call_event.kind does not say what an offered leg is';
    end if;
end
$$;
