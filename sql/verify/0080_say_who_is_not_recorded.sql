-- The columns say so.
do $$
begin
    if exists (
        select from pg_attribute
        where attrelid = 'external_group'::regclass and attname in ('record', 'announcement_id')
            and col_description(attrelid, attnum) not like '%not recorded%'
    ) then
        raise exception 'a column does not say who is not recorded';
    end if;
end
$$;
