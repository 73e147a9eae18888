-- why:      a receipt that an SMS failed had the second provider send it, though an earlier request of unknown fate may have brought it
--           (on_unknown = hold, query): it came twice. And of a request whose sender died (no fate at all) a receipt that it was
--           taken did not keep it from being sent again.
-- when:     after 0071; senders and the receipts endpoint of any version from 0058 on go on.
-- locks:    none that anybody waits for.
-- requires: 0058_let_a_second_provider_send_what_failed.

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
            when r.status = 'accepted' and (n.state = 'unknown' or n.state = 'queued' and coalesce(r.fate, 'unknown') = 'unknown') then 'accepted'
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
            where a.id = r.attempt_id and coalesce(a.fate, 'unknown') = 'unknown' and did <> 'ignored' for no key update skip locked
        );
        update sms_receipt set effect = did, settled_at = now() where sms_receipt.id = r.id;
    end loop;
end
$$;
