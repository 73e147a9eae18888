-- A gateway that would never ring anybody is refused.
do $$
begin
    insert into gateway (id, name, host, transport) values (-1, 'verification', '192.0.2.1', 'tcp');
    raise exception 'a tcp gateway was inserted';
exception when check_violation then null;
end
$$;
