-- Takes away whatever a scenario's `given.sql` has made of the configuration; the seed is loaded after it, in the same
-- transaction. Tenants stay: SMS are still on their way. New ids for groups and members: no turns, no idle times.
update external_group set fallback_group_id = null;
update hotline set external_group_id = null;
delete from hotline_slot;
delete from hotline_special_day;
delete from external_group;
delete from hotline;
delete from gateway;
delete from plan_destination;
delete from tenant_destination;
update plan set max_members = default, verified_members_only = default, max_call_seconds = default,
                max_concurrent_calls = default, over_limit_code = default;
update trunk set max_calls_per_second = default, over_limit_code = default;
update tenant set withheld_sms = default, plan_expires_at = null;
