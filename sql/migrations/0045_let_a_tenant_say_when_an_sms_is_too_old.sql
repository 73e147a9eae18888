-- why:      how long a missed-call text is of use is the company's to say: a taxi's is worthless after ten minutes, a clinic's is
--           not by the evening. And looking for what is too old read all that was queued, each second.
-- when:     after 0044, before the senders of this version start: older ones go by SMS_GIVE_UP_SECONDS alone.
-- locks:    ACCESS EXCLUSIVE on tenant and notification for a moment; SHARE on notification for its indexes, 0.2 s a million rows:
--           senders and the ledger wait, calls do not.
-- requires: 0044_create_sms_provider_state.

alter table tenant
    add column sms_give_up_seconds integer
        constraint tenant_sms_give_up_is_a_minute_to_30_days check (sms_give_up_seconds between 60 and 2592000);
comment on column tenant.sms_give_up_seconds is
    'How old a call may be, in seconds, 60 to 2592000 (30 days), until an SMS about it is of no use any more and expires; for what is queued from now on. Empty: the sender''s SMS_GIVE_UP_SECONDS.';
alter table notification add column expires_at timestamptz;
comment on column notification.expires_at is
    'When it is too old to be sent, by its tenant''s sms_give_up_seconds when it was queued; empty: by the sender''s SMS_GIVE_UP_SECONDS.';
-- what is too old, by its tenant's word (sms.sql: expire)
create index notification_expiring on notification (expires_at) where state = 'queued' and expires_at is not null;
-- what is too old, by the sender's (sms.sql: expire)
create index notification_ageing on notification (called_at) where state = 'queued' and expires_at is null;

create or replace function route_notification() returns trigger
    language plpgsql
as $$
begin
    select sms_provider_id, sms_fallback_provider_id, new.called_at + make_interval(secs => sms_give_up_seconds)
    into new.provider_id, new.fallback_provider_id, new.expires_at
    from tenant where id = new.tenant_id;
    new.tries := 0;
    return new;
end
$$;
comment on function route_notification() is
    'Trigger: what is queued, at first or again by an operator, goes to the provider that its tenant has now, and expires when its tenant says.';
