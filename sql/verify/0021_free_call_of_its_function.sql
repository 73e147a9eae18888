-- The table can be changed: no function has its row as an argument.
do $$
begin
    if to_regprocedure('call_is_over(call)') is not null then
        raise exception 'call_is_over(call) is still there';
    end if;
end
$$;
alter table call add column v integer not null default 0;
