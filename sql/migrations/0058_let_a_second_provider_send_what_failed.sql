-- why:      the first provider took an SMS and reports that it failed: the member knows nothing, and the tenant has a second one.
-- when:     after 0057. Senders of any version from 0046 on go on.
-- locks:    none that anybody waits for.
-- requires: 0046_take_receipts, 0056_leave_an_unknown_sms_with_its_provider.

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
            when r.status = 'accepted' and (n.state = 'unknown' or n.state = 'queued' and r.fate = 'unknown') then 'accepted'
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
            select * into other from sms_provider p where p.id = n.fallback_provider_id and p.enabled;
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
            where a.id = r.attempt_id and a.fate = 'unknown' and did <> 'ignored' for no key update skip locked
        );
        update sms_receipt set effect = did, settled_at = now() where sms_receipt.id = r.id;
    end loop;
end
$$;

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
comment on column notification.state is
    'queued → sending → accepted → delivered, failed or expired, as the provider''s receipt says (failed: queued again for the tenant''s second provider, where it has not had it); sending → failed, suppressed, or queued again; queued or sending → expired; sending → unknown: it may have been sent, and is not by itself sent again (sms_provider.on_unknown = hold, query) until a receipt, an answer or a person says more. suppressed: the provider dropped it as a repetition of the same text; asking again is no use. From the start: not_applicable (a landline), withheld (no caller number). An operator may queue failed, expired and unknown ones again, and call unknown ones accepted or failed once he knows.';
comment on column tenant.sms_fallback_provider_id is
    'Who sends an SMS that sms_provider_id cannot: it is disabled, has no way to the member (sms_reply_rule.means = elsewhere), has not taken it sms_provider.failover_tries times, is left alone (sms_provider_health), or reports that it failed. Never one that the first may have taken, unless its on_unknown is retry. Empty: nobody.';
