-- One enabled hotline per number, and a group calls out only under a hotline of its own tenant.
insert into plan (id, name) values (-1, 'verification');
insert into tenant (id, name, brand, plan_id) values (-1, 'one', 'v', -1), (-2, 'two', 'v', -1);
insert into hotline (id, tenant_id, number, enabled) values (-1, -1, '02727777787', true), (-2, -2, '0272 7777 787', false);
do $$
begin
    begin
        update hotline set enabled = true;
        raise exception 'a number has two enabled hotlines';
    exception when unique_violation then null;
    end;
    begin
        insert into external_group (id, tenant_id, name, outbound_hotline_id) values (-1, -1, 'v', -2);
        raise exception 'a group calls out under another tenant''s hotline';
    exception when foreign_key_violation then null;
    end;
end
$$;
