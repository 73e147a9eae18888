-- A recording has a file exactly while it is made, and a day on which it goes.
insert into recording (call_id, node, keep_days) values ('v', 'v', 30);
update recording set state = 'made', file = 'v', seconds = 2.5, made_at = now(), keep_until = now() where call_id = 'v';
do $$
begin
    begin
        update recording set state = 'purged' where call_id = 'v';
        raise exception 'a purged recording has a file';
    exception when check_violation then null;
    end;
    begin
        update recording set keep_until = null where call_id = 'v';
        raise exception 'a recording is kept for ever';
    exception when check_violation then null;
    end;
end
$$;
