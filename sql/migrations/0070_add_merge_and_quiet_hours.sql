-- why:      who calls three times in five minutes has his members told three times; and a member's night is his own.
-- when:     after 0067, before the senders of this version start: held SMS wait until one of them runs.
-- locks:    ACCESS EXCLUSIVE on tenant, group_member and notification for a moment: no row is rewritten; notification is read
--           for its checks and indexes, 0.4 s a million rows. Senders and the ledger wait, calls do not.
-- requires: 0051_create_sms_template, 0058_let_a_second_provider_send_what_failed.

alter table tenant
    add column merge_seconds integer not null default 0
        constraint tenant_merges_for_half_an_hour_at_most check (merge_seconds between 0 and 1800);
comment on column tenant.merge_seconds is
    'How long an SMS about a missed call waits for further ones of the same caller to the same member: they become one ({calls}). 0: it is sent at once, each by itself.';

alter table group_member
    add column quiet_from time,
    add column quiet_until time,
    add column quiet_sms text not null default 'hold'
        constraint group_member_quiet_sms_is_hold_or_suppress check (quiet_sms in ('hold', 'suppress')),
    add constraint group_member_quiet_hours_begin_and_end check (
        (quiet_from is null) = (quiet_until is null) and quiet_from is distinct from coalesce(quiet_until, time '24:00')
    );
comment on column group_member.quiet_from is
    'When no SMS is sent any more, by the tenant''s clock; later than quiet_until: until then on the next day. Empty: SMS at any time. (member_hours says when it rings.)';
comment on column group_member.quiet_until is 'When SMS are sent again.';
comment on column group_member.quiet_sms is
    'What becomes of an SMS meanwhile: hold, it is sent at quiet_until; suppress, it never is.';

alter table notification
    drop constraint notification_state_is_known,
    add constraint notification_state_is_known check (state in (
        'queued',         -- at first; sending → queued: to be tried again; failed, expired, unknown → queued: by an operator
        'sending',        -- queued → sending: claimed by a sender until lease_until
        'accepted',       -- sending, unknown, queued → accepted: the provider took it (queued: a receipt says so of its last request)
        'delivered',      -- accepted, unknown, queued, failed, expired → delivered: a receipt says that it arrived; for good
        'failed',         -- sending, unknown, accepted → failed: it never will arrive (accepted: a receipt says so)
        'expired',        -- queued, sending → expired: too old to be of use; accepted, unknown → expired: the provider gave up
        'unknown',        -- sending → unknown: it may have been taken, and on_unknown is hold
        'suppressed',     -- sending, unknown → suppressed: dropped as a repetition; at first: the member's quiet hours
        'merged',         -- queued → merged: told in another one's text (merged_into)
        'not_applicable', -- at first: a landline
        'withheld'        -- at first: the caller withheld his number
    )),
    add column merge_until timestamptz,
    add column merged_into bigint,
    add column calls integer not null default 1
        constraint notification_calls_is_positive check (calls >= 1),
    add column last_called_at timestamptz,
    add constraint notification_merged_is_merged_into_another check ((state = 'merged') = (merged_into is not null));
comment on column notification.state is
    'queued → sending → accepted → delivered, failed or expired, as the provider''s receipt says (failed: queued again for the tenant''s second provider, where it has not had it); sending → failed, suppressed, or queued again; queued or sending → expired; queued → merged: told in another one''s text; sending → unknown: it may have been sent, and is not by itself sent again (sms_provider.on_unknown = hold, query) until a receipt, an answer or a person says more. suppressed: the provider dropped it as a repetition of the same text, or the member''s quiet hours did; asking again is no use. From the start: not_applicable (a landline), withheld (no caller number). An operator may queue failed, expired and unknown ones again, and call unknown ones accepted or failed once he knows.';
comment on column notification.merge_until is
    'While queued: until then it waits for further missed calls of this caller (tenant.merge_seconds). Empty: it waits for none, or no more.';
comment on column notification.merged_into is 'Of a merged one: the notification whose text tells of its call, too.';
comment on column notification.calls is 'How many calls its text tells of.';
comment on column notification.last_called_at is 'When the last of them arrived, where there are several.';
-- whose waiting is over (sms.sql: release_merged)
create index notification_merging on notification (merge_until) where state = 'queued' and merge_until is not null;
-- who else waits for the same caller and member (sms.sql: release_merged)
create index notification_merging_with on notification (tenant_id, member_number, caller_number, called_at)
    where state = 'queued' and merge_until is not null;

create function quiet_ends(at timestamptz, zone text, quiet_from time, quiet_until time) returns timestamptz
    language sql stable
return case
    when quiet_from < quiet_until and (at at time zone zone)::time >= quiet_from and (at at time zone zone)::time < quiet_until
        then ((at at time zone zone)::date + quiet_until) at time zone zone
    when quiet_from > quiet_until and (at at time zone zone)::time >= quiet_from
        then ((at at time zone zone)::date + 1 + quiet_until) at time zone zone
    when quiet_from > quiet_until and (at at time zone zone)::time < quiet_until
        then ((at at time zone zone)::date + quiet_until) at time zone zone
end;
comment on function quiet_ends(timestamptz, text, time, time) is 'When the quiet hours end that a moment lies in; null: in none.';

create function notification_waits() returns trigger
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
        -- its age counts from when it may go
        new.expires_at := due + make_interval(secs => coalesce(t.sms_give_up_seconds, 21600));
    end if;
    if new.merge_until is not null then
        new.next_attempt_at := 'infinity'; -- until release_merged lets it go
    elsif due > now() then
        new.next_attempt_at := due;
    end if;
    return new;
end
$$;
comment on function notification_waits() is
    'Trigger: a new SMS waits for further calls (tenant.merge_seconds) and for the end of the member''s quiet hours.';
-- (Its name comes after notification_is_routed: that one says when it expires.)
create trigger notification_waits before insert on notification
    for each row when (new.state = 'queued') execute function notification_waits();

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
        ('queued', 'sending'), ('queued', 'expired'), ('queued', 'merged'),
        ('sending', 'accepted'), ('sending', 'failed'), ('sending', 'queued'), ('sending', 'expired'), ('sending', 'unknown'),
        ('sending', 'suppressed'), ('unknown', 'suppressed'),
        ('unknown', 'accepted'), ('unknown', 'failed'), ('unknown', 'queued'),
        ('failed', 'queued'), ('expired', 'queued'),
        -- what receipts say
        ('accepted', 'delivered'), ('accepted', 'failed'), ('accepted', 'expired'),
        ('accepted', 'queued'), -- what failed goes to the second provider (settle_receipts)
        ('unknown', 'delivered'), ('unknown', 'expired'),
        ('queued', 'accepted'), ('queued', 'delivered'), ('failed', 'delivered'), ('expired', 'delivered')
    ) then
        raise exception 'notification % cannot go from % to %', new.id, old.state, new.state
            using errcode = 'check_violation',
                  hint = 'Only failed, expired and unknown notifications may be queued again; accepted ones by a receipt that they failed.';
    end if;
    if new.state = 'queued' then
        notify notification_queued;
    end if;
    return new;
end
$$;

create or replace view sms_line as
select n.id, n.created_at, n.state, n.kind, t.name as tenant, n.member_number, m.name as member_name, n.caller_number,
    n.called_at, n.attempts, p.name as provider, n.accepted_at, n.provider_message_id, n.next_attempt_at, n.last_error, n.text,
    n.call_id, n.tenant_id, coalesce(t.time_zone, 'Asia/Ho_Chi_Minh') as time_zone, n.alphabet, n.segments, last.cost,
    n.merge_until, n.merged_into, n.calls
from notification n
left join tenant t on t.id = n.tenant_id
left join group_member m on m.id = n.member_id
left join lateral (
    select provider_id, (select sum(b.cost) from notification_attempt b where b.notification_id = n.id) as cost
    from notification_attempt a where a.notification_id = n.id order by a.id desc limit 1
) last on true
left join sms_provider p on p.id = last.provider_id;
comment on column sms_line.merge_until is 'Until when it waits for further calls of this caller.';
comment on column sms_line.merged_into is 'Of a merged one: the notification whose text tells of its call, too.';
comment on column sms_line.calls is 'How many calls its text tells of.';
