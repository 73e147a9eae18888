-- The demo: tenant vContact, its hotline 02727777787 and the group Kinh doanh behind it.
-- Parameters: trunk_address (who may call), gateway_host and gateway_port (the carrier), sms_url (who sends SMS).

insert into plan (name) values ('Standard') on conflict (name) do nothing;

insert into sms_provider (name, url, body_template, message_id_pattern)
values ('demo sink', %(sms_url)s,
        '{"to": "{to}", "text": "{text}", "sender": "{sender}", "id": "{notification_id}"}',
        '"id": *"([^"]+)"')
on conflict (name) do update set url = excluded.url;

insert into tenant (name, brand, plan_id, sms_provider_id)
values ('vContact', 'vContact', (select id from plan where name = 'Standard'),
        (select id from sms_provider where name = 'demo sink'))
on conflict (name) do nothing;

insert into trunk (name) values ('customers') on conflict (name) do nothing;
delete from trunk_address where trunk_id = (select id from trunk where name = 'customers');
insert into trunk_address (trunk_id, address)
values ((select id from trunk where name = 'customers'), (%(trunk_address)s)::inet::cidr);

insert into gateway (name, host, port) values ('carrier', (%(gateway_host)s)::inet, %(gateway_port)s)
on conflict (name) do update set host = excluded.host, port = excluded.port;
insert into gateway_number (gateway_id, number)
values ((select id from gateway where name = 'carrier'), '0272 7777 787')
on conflict do nothing;

insert into hotline (tenant_id, number)
values ((select id from tenant where name = 'vContact'), '02727777787')
on conflict (number) where enabled do nothing;

insert into external_group (tenant_id, name, outbound_hotline_id, ring_seconds, notify_members)
select tenant.id, 'Kinh doanh', hotline.id, 6, true
from tenant join hotline on hotline.tenant_id = tenant.id and hotline.enabled and hotline.number = e164('02727777787')
where tenant.name = 'vContact'
on conflict (tenant_id, name) do update
set outbound_hotline_id = excluded.outbound_hotline_id, ring_seconds = 6, notify_members = true, enabled = true;

delete from group_member where group_id = (
    select g.id from external_group g join tenant t on t.id = g.tenant_id where t.name = 'vContact' and g.name = 'Kinh doanh');
insert into group_member (group_id, number, name, position)
select g.id, member.number, member.name, member.position
from external_group g join tenant t on t.id = g.tenant_id,
     (values ('0844441909', 'Anh', 1), ('0844441910', 'Bình', 2), ('0987654321', 'Chi', 3),
             ('02838123456', 'Văn phòng', 4)) as member (number, name, position) -- the last is a landline
where t.name = 'vContact' and g.name = 'Kinh doanh';

update hotline set external_group_id = (
    select g.id from external_group g where g.tenant_id = hotline.tenant_id and g.name = 'Kinh doanh')
where enabled and number = e164('02727777787')
  and tenant_id = (select id from tenant where name = 'vContact');
