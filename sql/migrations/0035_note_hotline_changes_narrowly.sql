-- why:      many groups may call out under one hotline, and every change of its row compiled them all: a new limit, another
--           group by night. Their records hold its number, its switches and its expiry; only a change of those is theirs.
-- when:     after 0014, whose compilers know the kind "hotline".
-- locks:    SHARE ROW EXCLUSIVE on hotline for a moment.
-- requires: 0014_note_changes_of_rules.

create function note_hotline_update() returns trigger
    language plpgsql
as $$
begin
    insert into routing_change (kind, key)
    select distinct noted.kind, noted.key
    from old_rows past
    full join new_rows present on present.id = past.id
    cross join lateral (
        select (past.number, past.enabled, past.outbound_allowed, past.expires_at)
            is distinct from (present.number, present.enabled, present.outbound_allowed, present.expires_at) as is_for_others
    ) as changed
    cross join lateral (
        select 'number' as kind, ltrim(number, '+')::bigint as key
        from (values (past.number), (present.number)) as both_times (number)
        where changed.is_for_others and number is not null
        union all
        select 'hotline', present.id where not changed.is_for_others
    ) as noted;
    if found then
        notify routing_change;
    end if;
    return null;
end
$$;
comment on function note_hotline_update() is
    'Trigger: a line in routing_change for each changed hotline, and a NOTIFY: "number" where groups that call out under it, or hold its number, have to know, else "hotline".';

drop trigger note_update on hotline;
create trigger note_update after update on hotline referencing old table as old_rows new table as new_rows
    for each statement execute function note_hotline_update();
comment on column routing_change.kind is
    'What the key names: plan, tenant, trunk, gateway, external_group (its row or members), member (his hours), hotline (its schedule, or what of its row only its own calls ask), number (a hotline''s, or one that a gateway accepts), everything (a TRUNCATE).';
