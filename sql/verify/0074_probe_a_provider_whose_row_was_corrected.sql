-- A corrected row is tried at once, another change of it is none.
insert into sms_provider (id, name, url) values (-1, 'verification', 'https://example.net/');
update sms_provider_state
set state = 'open', why = 'down', since = now(), openings = 6, probe_at = now() + interval '1 hour', paused_until = 'infinity'
where provider_id = -1;
update sms_provider set segment_price = 1, url = url where id = -1;
do $$
begin
    assert (select probe_at > now() from sms_provider_state where provider_id = -1), 'it is tried though nothing was corrected';
    update sms_provider set url = 'https://example.org/' where id = -1;
    assert (select state = 'open' and probe_at = now() and paused_until is null and openings = 0 from sms_provider_state where provider_id = -1),
        'a corrected row waits';
end
$$;
