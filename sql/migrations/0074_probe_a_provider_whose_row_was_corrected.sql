-- why:      a provider that was left alone for what stood in its row (a wrong address, say) was left alone for up to five minutes
--           more after that was corrected.
-- when:     after 0073; senders of any version from 0044 on go by it.
-- locks:    SHARE ROW EXCLUSIVE on sms_provider for a moment; nobody waits for it.
-- requires: 0044_create_sms_provider_state.

create function probe_corrected_provider() returns trigger
    language plpgsql
as $$
begin
    -- openings: a probe that is under way may fail yet, by the row as it was; the next is not far then.
    update sms_provider_state
    set openings = 0, paused_until = null, probe_at = case when state = 'open' then now() else probe_at end
    where provider_id = new.id and state <> 'closed';
    if found then
        notify notification_queued;
    end if;
    return null;
end
$$;
comment on function probe_corrected_provider() is
    'Trigger: a provider that is left alone is tried at once when its row says something else of how it is asked.';
create trigger sms_provider_is_corrected
    after update of driver, url, method, headers, body_template, content_type, success_pattern, message_id_pattern,
        timeout_seconds, enabled, sender, credentials, options
    on sms_provider
    for each row when (
        (old.driver, old.url, old.method, old.headers, old.body_template, old.content_type, old.success_pattern,
            old.message_id_pattern, old.timeout_seconds, old.enabled, old.sender, old.credentials, old.options)
        is distinct from
        (new.driver, new.url, new.method, new.headers, new.body_template, new.content_type, new.success_pattern,
            new.message_id_pattern, new.timeout_seconds, new.enabled, new.sender, new.credentials, new.options)
    )
    execute function probe_corrected_provider();
