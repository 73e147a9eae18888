-- The manual names the fields that requests take.
do $$
begin
    if col_description('sms_provider'::regclass, (
        select attnum from pg_attribute where attrelid = 'sms_provider'::regclass and attname = 'body_template'
    )) not like '%{template_id}%' then
        raise exception 'sms_provider.body_template does not name its fields';
    end if;
end
$$;
