-- why:      pg_timezone_names reads some 600 files, 70 ms, and was asked for every row: 100,000 tenants took two hours.
-- when:     after 0002.
-- locks:    SHARE ROW EXCLUSIVE on tenant for a moment.
-- requires: 0002_create_tenant_trunk_gateway.

drop trigger tenant_time_zone_exists on tenant;
drop function time_zone_exists();

create function time_zones_exist() returns trigger
    language plpgsql
as $$
declare
    zones text[];
    wrong text;
begin
    if tg_op = 'INSERT' then
        zones := array(select distinct time_zone from new_rows);
    else
        zones := array(select time_zone from new_rows except select time_zone from old_rows);
    end if;
    if cardinality(zones) = 0 then -- as with nearly every update
        return null;
    end if;
    select zone into wrong from unnest(zones) as zone
    where not exists (select from pg_timezone_names where name = zone) limit 1;
    if found then
        raise exception '"%" is not a time zone', wrong
            using errcode = 'check_violation',
                  hint = 'Write its IANA name, like Asia/Ho_Chi_Minh: select name from pg_timezone_names.';
    end if;
    return null;
end
$$;
comment on function time_zones_exist() is 'Trigger: the column "time_zone" of the changed rows holds zones that exist; asked once a statement.';
create trigger tenant_time_zone_of_insert_exists after insert on tenant referencing new table as new_rows
    for each statement execute function time_zones_exist();
create trigger tenant_time_zone_of_update_exists after update on tenant referencing old table as old_rows new table as new_rows
    for each statement execute function time_zones_exist();
