-- A zone that does not exist is refused, with others in one statement and by an update.
insert into plan (id, name) values (-1, 'verification');
insert into tenant (id, name, brand, plan_id, time_zone) values (-1, 'one', 'v', -1, 'Asia/Tokyo');
do $$
begin
    begin
        insert into tenant (id, name, brand, plan_id, time_zone)
        values (-2, 'two', 'v', -1, 'Asia/Tokyo'), (-3, 'three', 'v', -1, 'Asia/Saigong');
        raise exception 'a zone that does not exist was inserted';
    exception when check_violation then null;
    end;
    begin
        update tenant set time_zone = 'ICT-7' where id = -1;
        raise exception 'a zone that does not exist was written by an update';
    exception when check_violation then null;
    end;
end
$$;
