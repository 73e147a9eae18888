-- why:      since 0058 an accepted SMS may be queued again, for the second provider, when the first reports that it failed. So could
--           whoever writes state = 'queued': an SMS that was taken went out again, by a slip.
-- when:     after 0070; senders need not wait for it.
-- locks:    none that anybody waits for.
-- requires: 0070_add_merge_and_quiet_hours.

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
        ('unknown', 'delivered'), ('unknown', 'expired'),
        ('queued', 'accepted'), ('queued', 'delivered'), ('failed', 'delivered'), ('expired', 'delivered')
    ) and not ( -- what the first provider reports as failed goes to the second (settle_receipts)
        (old.state, new.state) = ('accepted', 'queued') and new.provider_id is distinct from old.provider_id
    ) then
        raise exception 'notification % cannot go from % to %', new.id, old.state, new.state
            using errcode = 'check_violation',
                  hint = 'Only failed, expired and unknown notifications may be queued again; accepted ones for another provider, by a receipt that they failed.';
    end if;
    if new.state = 'queued' then
        notify notification_queued;
    end if;
    return new;
end
$$;
