-- why:      an SMS that was known to have been taken was sent again: a sender's late answer counted for nothing where another had the
--           notification already and was refused; so did a receipt that it was taken, where a repetition had been refused since. And
--           whoever queued again what a sender was just sending had it sent twice.
-- when:     after 0075; senders of any version from 0041 on go on.
-- locks:    none that anybody waits for.
-- requires: 0071_queue_no_accepted_sms_again, 0072_leave_with_the_first_what_it_may_have.

create function sms_taken_late(notification bigint) returns table (message_id text)
    language sql stable
as $$
    select a.message_id
    from notification_attempt a
    cross join (
        select id, started_at from notification_attempt where notification_id = $1 order by id desc limit 1
    ) newest
    where a.notification_id = $1 and a.id < newest.id and a.fate = 'accepted' and a.finished_at >= newest.started_at
        and not exists (
            select from sms_receipt r where r.notification_id = $1 and r.attempt_id = a.id and r.status in ('failed', 'expired')
        )
    order by a.id
    limit 1
$$;
comment on function sms_taken_late(bigint) is
    'The provider''s name of the message, if an earlier request of the notification was taken, and its sender said so while the last one was under way.';

create or replace function notification_moves() returns trigger
    language plpgsql
as $$
declare
    taken record;
begin
    if tg_op = 'UPDATE' and old.state = 'sending' and new.state <> 'accepted' then
        select found.message_id into taken from sms_taken_late(new.id) found;
        if found then -- whatever became of the request that has just ended
            new.state := 'accepted';
            new.accepted_at := now();
            new.provider_message_id := taken.message_id;
            new.provider_id := old.provider_id;
            new.fallback_provider_id := old.fallback_provider_id;
            new.lease_until := null;
            new.last_error := null;
        end if;
    end if;
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
        ('unknown', 'delivered'), ('unknown', 'expired'),
        ('queued', 'accepted'), ('queued', 'delivered'), ('failed', 'delivered'), ('expired', 'delivered')
    ) and not ( -- what the first provider reports as failed goes to the second (settle_receipts)
        (old.state, new.state) = ('accepted', 'queued') and new.provider_id is distinct from old.provider_id
    ) then
        raise exception 'notification % cannot go from % to %', new.id, old.state, new.state
            using errcode = 'check_violation',
                  hint = 'Only failed, expired and unknown notifications may be queued again; accepted ones for another provider, by a receipt that they failed.';
    end if;
    if tg_op = 'UPDATE' and old.state = 'sending' and new.state = 'queued' and new.lease_until is not null then
        raise exception 'notification % is with a sender: it may be on its way', new.id
            using errcode = 'check_violation', hint = 'Wait until it has another state; a sender that is lost has its lease only (lease_until).';
    end if;
    if new.state = 'queued' then
        notify notification_queued;
    end if;
    return new;
end
$$;

create or replace function settle_receipts(id bigint) returns void
    language plpgsql
as $$
#variable_conflict use_column
declare
    n notification;
    r record;
    newest bigint;
    becomes text;
    did text;
    other sms_provider;
begin
    -- NO KEY: the receipts' own references to it must not keep it from being locked
    select * into n from notification where notification.id = settle_receipts.id for no key update;
    if n.id is null or n.state = 'sending' then
        return; -- a request is under way: what became of it comes first
    end if;
    select max(a.id) into newest from notification_attempt a where a.notification_id = n.id;
    for r in
        select s.id, s.status, s.reason, s.reference, s.received_at, s.attempt_id, a.fate
        from sms_receipt s left join notification_attempt a on a.id = s.attempt_id
        where s.notification_id = n.id and s.effect = 'waiting'
        order by s.id
    loop
        becomes := case
            -- who has it, has it: whatever was thought before, and whichever request brought it
            when r.status = 'delivered' and n.state in ('accepted', 'unknown', 'queued', 'failed', 'expired') then 'delivered'
            when r.attempt_id is distinct from newest then null
            when r.status in ('failed', 'expired') and n.state in ('accepted', 'unknown') then r.status
            -- also where it was refused: that was a repetition, of the same name, of what the provider has, or he took it all the same
            when r.status = 'accepted' and (n.state = 'unknown' or n.state = 'queued' and r.fate is distinct from 'accepted') then 'accepted'
        end;
        did := case
            when r.status = 'ignored' then 'ignored'
            when becomes is not null then 'applied'
            when r.status = n.state then 'repeated'
            when r.status in ('failed', 'expired') and n.state in ('delivered', 'failed', 'expired') and r.attempt_id = newest
                then 'contradicted'
            else 'overtaken'
        end;
        if becomes = 'failed' and n.fallback_provider_id is not null then
            -- Never what another request may have brought to a provider that is not to be asked twice (as fail_over, sms.sql).
            select * into other from sms_provider p
            where p.id = n.fallback_provider_id and p.enabled and not exists (
                select from notification_attempt a join sms_provider q on q.id = a.provider_id
                where a.notification_id = n.id and a.id <> r.attempt_id
                    and coalesce(a.fate, 'unknown') = 'unknown' and q.on_unknown <> 'retry'
            );
            if other.id is not null then
                becomes := 'queued';
                update notification set
                    state = becomes, provider_id = other.id, fallback_provider_id = null, tries = 0, next_attempt_at = now(),
                    lease_until = null, accepted_at = null, provider_message_id = null,
                    last_error = coalesce(r.reason, 'a receipt says that it failed') || '; now through ' || other.name
                where notification.id = n.id;
                n.fallback_provider_id := null;
            end if;
        end if;
        if becomes is not null and becomes <> 'queued' then
            update notification set
                state = becomes,
                lease_until = null,
                last_error = case when becomes in ('failed', 'expired') then r.reason end,
                accepted_at = coalesce(accepted_at, r.received_at),
                delivered_at = case when becomes = 'delivered' then r.received_at end,
                provider_message_id = coalesce(provider_message_id, r.reference)
            where notification.id = n.id;
        end if;
        n.state := coalesce(becomes, n.state);
        -- whatever it says: the provider had the message. SKIP LOCKED: a sender that comes late is recording it, and knows
        update notification_attempt set fate = 'accepted'
        where notification_attempt.id in (
            select a.id from notification_attempt a
            where a.id = r.attempt_id and did <> 'ignored'
                and (coalesce(a.fate, 'unknown') = 'unknown' or a.fate = 'refused' and did = 'applied') for no key update skip locked
        );
        update sms_receipt set effect = did, settled_at = now() where sms_receipt.id = r.id;
    end loop;
end
$$;
