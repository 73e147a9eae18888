-- Who has a provider that can send, or a second one, is told nothing; who has none is told why.
insert into plan (id, name) values (-1, 'verification');
insert into sms_provider (id, name, url, driver, enabled, credentials)
values (-1, 'off', 'https://example.net/${env:ONE}', 'http', false, '{"a": "${file:two}"}'), (-2, 'poor', 'https://example.net/', 'esms', true, '{}');
insert into tenant (id, name, brand, plan_id, sms_provider_id, sms_fallback_provider_id)
values (-1, 'one', 'v', -1, -1, -2), (-2, 'two', 'v', -1, null, null), (-3, 'three', 'v', -1, null, null);
insert into hotline (id, tenant_id, number) select n, n, '+8428000000' || -n from generate_series(-3, -1) n;
insert into external_group (id, tenant_id, name, outbound_hotline_id, notify_members) select n, n, 'g', n, n <> -3 from generate_series(-3, -1) n;
do $$
begin
    assert (select array_agg(reason order by tenant_id) from sms_check where tenant_id < 0) is not distinct from array[
        'it has no SMS provider (tenant.sms_provider_id)',
        'off: the provider is disabled; poor: its credentials lack api_key, secret_key'
    ], 'not told who never gets an SMS, or of who wants none';
    assert (select (variables, files) from sms_provider_check where provider_id = -1) = ('{ONE}'::text[], '{two}'::text[]), 'secrets are missed';
    update sms_provider set credentials = '{"api_key": "${env:A}", "secret_key": "${env:B}"}' where id = -2;
    assert (select reason is null from sms_check where tenant_id = -1), 'the second one is not seen';
end
$$;
