-- What `extgroup check` lists (kemi/check): who belongs to what, with the names that people gave.

-- name: groups
select id, tenant_id from external_group where id = any(%(groups)s);

-- name: members
select group_id, id, number, name from group_member where group_id = any(%(groups)s) order by group_id, position, id;
