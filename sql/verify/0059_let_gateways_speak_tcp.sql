-- A gateway may speak TCP.
insert into gateway (id, name, host, transport) values (-1, 'verification', '192.0.2.1', 'tcp');
