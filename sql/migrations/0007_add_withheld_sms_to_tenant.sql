-- why:      a caller may withhold his number; by default members hear nothing of such a call, but a tenant may have
--           them told without a number.
-- when:     after 0006, before the edges of this version start: they read and write the columns. Older ones go on.
-- locks:    ACCESS EXCLUSIVE on tenant and call while call is read once for its check, 0.2 s a million rows; no row is
--           rewritten. Calls do not wait: events lie in the spool meanwhile.
-- requires: 0006_create_notification.

alter table tenant add column withheld_sms text not null default 'none'
    constraint tenant_withheld_sms_is_none_or_without_number check (withheld_sms in ('none', 'without_number'));
comment on column tenant.withheld_sms is
    'What members are told of a caller who withheld his number, or whose number is no telephone number: none, no SMS; without_number, the SMS without a number.';

alter table call add column withheld_sms text not null default 'none'
    constraint call_withheld_sms_is_none_or_without_number check (withheld_sms in ('none', 'without_number'));
comment on column call.withheld_sms is 'What members were to be told where caller_number is empty: none or without_number, as the tenant had it then.';

comment on column notification.state is
    'queued → sending → accepted, failed, or queued again; queued or sending → expired. From the start: not_applicable (a landline), withheld (no caller number, and the tenant wants no SMS then). An operator may queue failed and expired ones again.';
comment on column notification.caller_number is 'Whom it is about, E.164; empty: the SMS says nothing of a number.';
