-- A sound is a WAV file of the group's own tenant, and reaches the routing table when it is loaded anew.
insert into plan (id, name) values (-1, 'verification');
insert into tenant (id, name, brand, plan_id) values (-1, 'one', 'v', -1), (-2, 'two', 'v', -1);
insert into hotline (id, tenant_id, number) values (-1, -1, '02727777787');
insert into sound (id, tenant_id, name, seconds, narrow, wide)
values (-1, -1, 'tune', 2, 'RIFF', 'RIFF'), (-2, -2, 'tune', 2, 'RIFF', 'RIFF');
insert into external_group (id, tenant_id, name, outbound_hotline_id, waiting_sound_id) values (-1, -1, 'v', -1, -1);
do $$
begin
    begin
        update external_group set waiting_sound_id = -2 where id = -1;
        raise exception 'a group plays the sound of another tenant';
    exception when foreign_key_violation then null;
    end;
    begin
        update external_group set early_media = 'first' where id = -1;
        raise exception 'a group has two sounds';
    exception when check_violation then null;
    end;
    begin
        update sound set wide = 'ID3' where id = -1;
        raise exception 'a sound is no WAV file';
    exception when check_violation then null;
    end;
    delete from routing_change;
    update sound set wide = 'RIFFx' where id = -1;
    if not exists (select from routing_change where kind = 'external_group' and key = -1) then
        raise exception 'a sound that is loaded anew does not reach its groups';
    end if;
end
$$;
