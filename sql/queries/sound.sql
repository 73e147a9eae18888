-- What `python -m kemi.sound` asks and does.

-- name: tenants
-- Those with this name or id.
select id from tenant where name = %(tenant)s or id::text = %(tenant)s;

-- name: put
-- A name that is there is loaded anew, and its groups play the new one.
insert into sound (tenant_id, name, seconds, narrow, wide)
values (%(tenant)s, %(name)s, %(seconds)s, %(narrow)s, %(wide)s)
on conflict (tenant_id, name) do update
    set seconds = excluded.seconds, narrow = excluded.narrow, wide = excluded.wide, added_at = now()
returning id;

-- name: play
update external_group set waiting_sound_id = %(sound)s, early_media = 'ringback'
where tenant_id = %(tenant)s and name = %(group)s returning id;

-- name: announce
update external_group set announcement_id = %(sound)s, early_media = 'ringback'
where tenant_id = %(tenant)s and name = %(group)s returning id;

-- name: list
select sound.id, tenant.name as tenant, sound.name, sound.seconds, sound.added_at,
    array(select external_group.name from external_group where sound.id in (waiting_sound_id, announcement_id) order by 1) as groups
from sound join tenant on tenant.id = sound.tenant_id
order by tenant.name, sound.name;

-- name: groups_of
select external_group.name from external_group join sound on sound.id in (waiting_sound_id, announcement_id)
where sound.tenant_id = %(tenant)s and sound.name = %(name)s order by 1;

-- name: remove
delete from sound where tenant_id = %(tenant)s and name = %(name)s returning id;
