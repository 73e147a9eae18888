-- why:      full telephone numbers live in the ledger only, and there only as long as the tenant needs them: calls for
--           billing and lawful tracing, SMS for shorter (kemi/decisions/0012).
-- when:     after 0007, before the ledger writers of this version start: they purge within the hour. Whoever needs
--           calls for more than a year, or SMS for more than 90 days, sets the columns right after it.
-- locks:    ACCESS EXCLUSIVE on tenant and call, then SHARE on call while its index is built, 1 s a million rows.
--           Calls do not wait: events lie in the spool meanwhile.
-- requires: 0007_add_withheld_sms_to_tenant.

alter table tenant
    add column keep_calls_days integer not null default 365
        constraint tenant_keeps_calls_1_to_3650_days check (keep_calls_days between 1 and 3650),
    add column keep_sms_days integer not null default 90
        constraint tenant_keeps_sms_1_to_3650_days check (keep_sms_days between 1 and 3650);
comment on column tenant.keep_calls_days is
    'How long its calls are kept whole, in days from their arrival; then their numbers, legs and events are erased. A call that is not over stays.';
comment on column tenant.keep_sms_days is
    'How long its notifications are kept, in days, with texts and the providers'' answers; then they are deleted. One that is queued or sending stays.';

alter table call
    add column purged_at timestamptz,
    add constraint call_that_is_purged_holds_no_number
        check (purged_at is null or (caller_number is null and dialled is null and sip_call_id = ''));
comment on column call.purged_at is
    'When its numbers, legs and events were erased; what is left is for statistics, and keeps a late event from making the call anew.';
comment on column call.sip_call_id is
    'Call-ID of the caller''s INVITE, to ask the carrier with; numbers in it are shortened where he withheld his. Empty once purged.';

-- calls whose time may be over, owner by owner; 0 is nobody (ledger.sql: calls_to_purge)
create index call_to_purge on call (coalesce(tenant_id, 0), arrived_at) where purged_at is null;

create function call_is_over(one call) returns boolean
    language sql stable
    return one.outcome in ('missed', 'refused', 'interrupted')
        or one.ended_at is not null
        -- its BYE is lost: no call is longer than 7 days (MAX_CALL_SECONDS)
        or (one.outcome = 'answered' and one.arrived_at < now() - interval '8 days');
comment on function call_is_over(call) is 'Whether nothing more will happen to a call: only then may it be purged.';
