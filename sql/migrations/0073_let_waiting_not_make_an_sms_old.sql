-- why:      an SMS that waits for the morning, or for further calls, grew old while it waited: a person's second try of it expired at
--           once, and a window longer than its tenant's patience never sent anything. And whoever lost its sender was held for a
--           person where a receipt of an earlier request waited, which settles nothing.
-- when:     after 0072, with the senders ended: older ones expire what waited for a morning.
-- locks:    ACCESS EXCLUSIVE on notification for a moment; SHARE for its index, 0.2 s a million rows: the ledger waits, calls do not.
-- requires: 0070_add_merge_and_quiet_hours.

alter table notification add column ages_from timestamptz;
comment on column notification.ages_from is
    'From when its age counts: called_at, and as much later as it had to wait for the end of quiet hours or further calls. Empty: called_at.';
comment on column notification.expires_at is
    'When it is too old to be sent: ages_from and its tenant''s sms_give_up_seconds when it was queued; empty: by the sender''s SMS_GIVE_UP_SECONDS.';
update notification
set ages_from = called_at + (coalesce(merge_until, next_attempt_at) - created_at)
where state = 'queued' and attempts = 0 and coalesce(merge_until, next_attempt_at) > now()
    and coalesce(merge_until, next_attempt_at) < 'infinity';
drop index notification_ageing;
-- what is too old, by the sender's word (sms.sql: expire)
create index notification_ageing on notification (coalesce(ages_from, called_at)) where state = 'queued' and expires_at is null;

create or replace function route_notification() returns trigger
    language plpgsql
as $$
begin
    select sms_provider_id, sms_fallback_provider_id, coalesce(new.ages_from, new.called_at) + make_interval(secs => sms_give_up_seconds)
    into new.provider_id, new.fallback_provider_id, new.expires_at
    from tenant where id = new.tenant_id;
    new.tries := 0;
    return new;
end
$$;

create or replace function notification_waits() returns trigger
    language plpgsql
as $$
declare
    t tenant;
    m group_member;
    due timestamptz := now();
    quiet_end timestamptz;
begin
    select * into t from tenant where id = new.tenant_id;
    select * into m from group_member where id = new.member_id and quiet_from is not null;
    if m.quiet_sms = 'suppress' and quiet_ends(now(), t.time_zone, m.quiet_from, m.quiet_until) is not null then
        new.state := 'suppressed';
        new.last_error := 'the member''s quiet hours';
        return new;
    end if;
    if new.kind = 'missed' and new.caller_number is not null and t.merge_seconds > 0 then
        due := now() + make_interval(secs => t.merge_seconds);
        new.merge_until := due;
    end if;
    if m.quiet_sms = 'hold' then
        quiet_end := quiet_ends(due, t.time_zone, m.quiet_from, m.quiet_until);
    end if;
    if quiet_end is not null then
        due := quiet_end;
        new.merge_until := case when new.merge_until is not null then due end;
    end if;
    if due > now() then
        new.ages_from := new.called_at + (due - now());
        new.expires_at := new.ages_from + make_interval(secs => t.sms_give_up_seconds);
    end if;
    if new.merge_until is not null then
        new.next_attempt_at := 'infinity'; -- until release_merged lets it go
    elsif due > now() then
        new.next_attempt_at := due;
    end if;
    return new;
end
$$;

create function receipt_settles(notification bigint) returns boolean
    language sql stable
as $$
    select exists (
        select from sms_receipt r
        where r.notification_id = $1 and r.effect = 'waiting' and r.status <> 'ignored'
            and (r.status = 'delivered' or r.attempt_id = (select max(a.id) from notification_attempt a where a.notification_id = $1))
    )
$$;
comment on function receipt_settles(bigint) is
    'Whether a receipt waits that says what became of a notification whose sender was lost: once that is unknown, settle_receipts applies it. One of an earlier request settles nothing, unless it arrived.';
