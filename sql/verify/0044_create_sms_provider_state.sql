-- Every provider has its line; a pace of 10 a second gives one, then none; an open one gives one as a probe, then none.
insert into sms_provider (id, name, url, messages_per_second) values (-1, 'verification', 'https://example.net/', 10);
do $$
begin
    if exists (select from sms_provider where id not in (select provider_id from sms_provider_state)) then
        raise exception 'a provider has no state';
    end if;
    if admit_sms(-1, '{1,2,3}', 30) <> '{1}' or admit_sms(-1, '{2,3}', 30) <> '{}' then
        raise exception 'the pace is not held';
    end if;
    update sms_provider_state set state = 'open', why = 'down', probe_at = now() where provider_id = -1;
    if admit_sms(-1, '{2,3}', 30) <> '{2}' or admit_sms(-1, '{3}', 30) <> '{}' then
        raise exception 'an open provider is not probed with one SMS';
    end if;
    if (select state from sms_provider_health where id = -1) <> 'probing' then
        raise exception 'the view does not show the state';
    end if;
end
$$;
