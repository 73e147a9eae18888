-- Voice is anchored unless told otherwise, and only known words are taken.
do $$
begin
    insert into trunk (id, name) values (-1, 'verification');
    if not exists (select from trunk where id = -1 and media = 'anchored' and without_media = 'refuse') then
        raise exception 'a new trunk''s voice is not anchored';
    end if;
    delete from trunk where id = -1;
    begin
        insert into trunk (id, name, media) values (-1, 'verification', 'somehow');
        raise exception 'trunk.media took a word it does not know';
    exception when check_violation then null;
    end;
    begin
        insert into gateway (id, name, host, media) values (-1, 'verification', '192.0.2.1', 'somehow');
        raise exception 'gateway.media took a word it does not know';
    exception when check_violation then null;
    end;
end
$$;
