-- why:      not every company has an address that a provider can report to, and not every report arrives. Some providers can be
--           asked: what became of a message they took (ask_after_seconds), and whether they took one at all (on_unknown = query).
-- when:     after 0047, before the senders of this version start. Older ones go on; they hold what is to be asked.
-- locks:    ACCESS EXCLUSIVE on sms_provider and notification_attempt for a moment: no row is rewritten; notification_attempt is
--           read once for its index, 0.2 s a million rows; senders wait.
-- requires: 0047_let_providers_report.

alter table sms_provider
    drop constraint sms_provider_on_unknown_is_retry_or_hold,
    add constraint sms_provider_on_unknown_is_known check (on_unknown in ('retry', 'hold', 'query')),
    add constraint sms_provider_on_unknown_query_has_a_driver_that_can check (on_unknown <> 'query' or driver = 'twilio'),
    add column ask_after_seconds integer
        constraint sms_provider_ask_after_seconds_is_10_to_86400 check (ask_after_seconds between 10 and 86400),
    add constraint sms_provider_ask_after_seconds_has_a_driver_that_can
        check (ask_after_seconds is null or driver in ('esms', 'twilio'));
comment on column sms_provider.on_unknown is
    'Where nobody knows whether the provider took an SMS: retry, it is asked again, and the SMS may arrive twice; hold, it is not, and the SMS may never arrive: the notification is unknown until a receipt or a person says more; query, the same, and the provider is asked whether it has it (driver twilio): what it has not after a minute is sent again.';
comment on column sms_provider.ask_after_seconds is
    'So long after it took an SMS, and then ever more seldom for a day, the provider is asked what became of it, unless a receipt has said so (drivers esms, twilio). Empty: it is not asked.';

alter table notification_attempt add column ask_at timestamptz;
comment on column notification_attempt.ask_at is 'When the provider is asked next what became of it; empty: it is not (any more).';
-- what is to be asked now (asking.sql: due)
create index notification_attempt_to_ask on notification_attempt (ask_at) where ask_at is not null;
