-- why:      a COMMIT to the tables of 0010 to 0013 reaches the routing table as one to the others does.
-- when:     after 0013.
-- locks:    ACCESS EXCLUSIVE on routing_change for a moment (its lines are read once for the new check), SHARE ROW
--           EXCLUSIVE on the new tables.
-- requires: 0004_create_routing_change, 0013_add_rules_to_plan_and_tenant.

alter table routing_change
    drop constraint routing_change_kind_is_known,
    add constraint routing_change_kind_is_known check (
        kind in ('plan', 'tenant', 'trunk', 'gateway', 'external_group', 'member', 'hotline', 'number', 'everything'));
comment on column routing_change.kind is
    'What the key names: plan, tenant, trunk, gateway, external_group (its row or members), member (his hours), hotline (its schedule), number (a hotline''s, or one that a gateway accepts), everything (a TRUNCATE).';

do $$
declare
    watched record;
begin
    for watched in
        select * from (values
            ('plan_destination', 'plan', 'plan_id'),
            ('tenant_destination', 'tenant', 'tenant_id'),
            ('gateway_prefix', 'gateway', 'gateway_id'),
            ('member_hours', 'member', 'member_id'),
            ('hotline_slot', 'hotline', 'hotline_id'),
            ('hotline_special_day', 'hotline', 'hotline_id')
        ) as list (table_name, kind, key_column)
    loop
        execute format('create trigger note_insert after insert on %I referencing new table as new_rows '
            'for each statement execute function note_routing_change(%L, %L)',
            watched.table_name, watched.kind, watched.key_column);
        execute format('create trigger note_update after update on %I referencing old table as old_rows new table as new_rows '
            'for each statement execute function note_routing_change(%L, %L)',
            watched.table_name, watched.kind, watched.key_column);
        execute format('create trigger note_delete after delete on %I referencing old table as old_rows '
            'for each statement execute function note_routing_change(%L, %L)',
            watched.table_name, watched.kind, watched.key_column);
        execute format('create trigger note_truncate after truncate on %I '
            'for each statement execute function note_routing_truncate()', watched.table_name);
    end loop;
end
$$;
