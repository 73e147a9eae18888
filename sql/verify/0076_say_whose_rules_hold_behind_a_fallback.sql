-- The columns say so.
do $$
begin
    if exists (
        select from pg_attribute
        where attrelid = 'external_group'::regclass and attname in ('record', 'announcement_id')
            and col_description(attrelid, attnum) not like '%behind a fallback, too%'
    ) then
        raise exception 'a column does not say what holds behind a fallback';
    end if;
end
$$;
