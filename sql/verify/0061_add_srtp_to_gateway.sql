-- Voice is plain and in the family of the gateway unless told otherwise; there are two families.
do $$
begin
    insert into gateway (id, name, host) values (-1, 'verification', '192.0.2.1');
    if not exists (select from gateway where id = -1 and not srtp and media_family is null) then
        raise exception 'a new gateway''s voice is not plain';
    end if;
    delete from gateway where id = -1;
    insert into gateway (id, name, host, media_family) values (-1, 'verification', '192.0.2.1', 5);
    raise exception 'gateway.media_family took a family that there is not';
exception when check_violation then null;
end
$$;
