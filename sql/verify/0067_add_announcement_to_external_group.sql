-- An announcement that is loaded anew reaches the groups that play it.
insert into plan (id, name) values (-1, 'verification');
insert into tenant (id, name, brand, plan_id) values (-1, 'one', 'v', -1);
insert into hotline (id, tenant_id, number) values (-1, -1, '02727777787');
insert into sound (id, tenant_id, name, seconds, narrow, wide) values (-1, -1, 'words', 2, 'RIFF', 'RIFF');
insert into external_group (id, tenant_id, name, outbound_hotline_id, announcement_id) values (-1, -1, 'v', -1, -1);
do $$
begin
    delete from routing_change;
    update sound set wide = 'RIFFx' where id = -1;
    if not exists (select from routing_change where kind = 'external_group' and key = -1) then
        raise exception 'an announcement that is loaded anew does not reach its groups';
    end if;
end
$$;
