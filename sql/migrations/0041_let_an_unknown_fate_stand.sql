-- why:      a request that left and was never answered may have been taken. Who pays for each SMS, or whose provider recognises
--           no repetition, may want it not to be made again by itself: on_unknown = hold, and the state unknown.
-- when:     after 0040, before the senders of this version start. Older ones go on: they ask again, as they did.
-- locks:    ACCESS EXCLUSIVE on sms_provider and notification for a moment. notification is read once for its new check: 0.1 s
--           a million rows; senders and the ledger wait, calls do not.
-- requires: 0040_let_providers_be_told_apart.

alter table sms_provider
    add column on_unknown text not null default 'retry'
        constraint sms_provider_on_unknown_is_retry_or_hold check (on_unknown in ('retry', 'hold'));
comment on column sms_provider.on_unknown is
    'Where nobody knows whether the provider took an SMS: retry, it is asked again, and the SMS may arrive twice; hold, it is not, and the SMS may never arrive: the notification is unknown until a person decides.';

alter table notification
    drop constraint notification_state_is_known,
    add constraint notification_state_is_known check (state in (
        'queued',         -- at first; sending → queued: to be tried again; failed, expired, unknown → queued: by an operator
        'sending',        -- queued → sending: claimed by a sender until lease_until
        'accepted',       -- sending, unknown → accepted: the provider took it
        'failed',         -- sending, unknown → failed: it never will
        'expired',        -- queued, sending → expired: too old to be of use
        'unknown',        -- sending → unknown: it may have been taken, and on_unknown is hold
        'not_applicable', -- at first: a landline
        'withheld'        -- at first: the caller withheld his number
    ));
comment on column notification.state is
    'queued → sending → accepted, failed, or queued again; queued or sending → expired; sending → unknown: it may have been sent, and is not by itself sent again (sms_provider.on_unknown = hold). From the start: not_applicable (a landline), withheld (no caller number). An operator may queue failed, expired and unknown ones again, and call unknown ones accepted or failed once he knows.';
-- whose fate nobody knows, oldest first: for people
create index notification_unknown on notification (created_at) where state = 'unknown';

create or replace function notification_moves() returns trigger
    language plpgsql
as $$
begin
    if tg_op = 'INSERT' then
        if new.state not in ('queued', 'not_applicable', 'withheld') then
            raise exception 'a notification begins as queued, not_applicable or withheld, not as %', new.state
                using errcode = 'check_violation';
        end if;
    elsif not (old.state, new.state) in (
        ('queued', 'sending'), ('queued', 'expired'),
        ('sending', 'accepted'), ('sending', 'failed'), ('sending', 'queued'), ('sending', 'expired'), ('sending', 'unknown'),
        ('unknown', 'accepted'), ('unknown', 'failed'), ('unknown', 'queued'),
        ('failed', 'queued'), ('expired', 'queued')
    ) then
        raise exception 'notification % cannot go from % to %', new.id, old.state, new.state
            using errcode = 'check_violation',
                  hint = 'Only failed, expired and unknown notifications may be queued again.';
    end if;
    if new.state = 'queued' then
        notify notification_queued;
    end if;
    return new;
end
$$;
