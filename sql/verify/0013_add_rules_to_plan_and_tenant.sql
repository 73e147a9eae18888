-- Destinations in every spelling; limits are limits.
insert into plan (id, name, verified_members_only, max_call_seconds) values (-1, 'verification', true, 60);
insert into tenant (id, name, brand, plan_id) values (-1, 'one', 'v', -1);
insert into plan_destination (plan_id, prefix) values (-1, '098');
insert into tenant_destination (tenant_id, prefix) values (-1, '+84'), (-1, '0065');
do $$
begin
    if (select string_agg(prefix, ' ' order by prefix) from tenant_destination where tenant_id = -1) <> '+65 +84' then
        raise exception 'destinations are not kept as those of E.164';
    end if;
    begin
        insert into plan_destination (plan_id, prefix) values (-1, 'Viettel');
        raise exception 'a destination is a word';
    exception when invalid_text_representation then null;
    end;
    begin
        update plan set max_concurrent_calls = 0 where id = -1;
        raise exception 'a plan lets nobody call';
    exception when check_violation then null;
    end;
end
$$;
