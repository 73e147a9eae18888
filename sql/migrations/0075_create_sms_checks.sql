-- why:      a company whose members are to be told, and no provider that ever could: nobody is told that either.
-- when:     after 0074.
-- locks:    none that anybody waits for.
-- requires: 0044_create_sms_provider_state

create view sms_provider_check as
select p.id as provider_id, p.name,
    case
        when not p.enabled then 'the provider is disabled'
        when needs.lacks is not null then 'its credentials lack ' || needs.lacks
        when names.closed is not null then 'no provider is given the variable ' || names.closed
    end as reason,
    case when s.state <> 'closed' then concat_ws(': ',
        case s.why when 'balance' then 'left alone, its account is empty' else 'left alone, it does not work' end, s.last_error)
    end as left_alone,
    case when s.state = 'open' then s.probe_at end as probe_at,
    names.variables, names.files
from sms_provider p
join sms_provider_state s on s.provider_id = p.id
cross join lateral (
    select string_agg(d.name, ', ' order by d.name) as lacks
    from (values ('esms', 'api_key'), ('esms', 'secret_key'), ('speedsms', 'token'), ('twilio', 'account_sid'),
        ('twilio', 'auth_token')) as d (driver, name) -- (smpp: sms_provider_smpp_has_its_login)
    where d.driver = p.driver and not p.credentials ? d.name
) needs
cross join lateral (
    select coalesce(array_agg(distinct m[1] order by m[1]) filter (where m[1] is not null), '{}') as variables,
        coalesce(array_agg(distinct m[2] order by m[2]) filter (where m[2] is not null), '{}') as files,
        min(m[1]) filter (where m[1] in ('DATABASE_URL', 'EDGE_KEY', 'PGPASSWORD')) as closed
    from regexp_matches(
        concat_ws(' ', p.url, p.headers, p.body_template, p.credentials),
        '\$\{(?:env:([A-Za-z_][A-Za-z0-9_]*)|file:([A-Za-z0-9_][A-Za-z0-9_.-]*))\}', 'g'
    ) as m
) names;
comment on view sms_provider_check is
    'Whether each SMS provider can ever send, by its row. make check also looks whether its secrets can be read.';
comment on column sms_provider_check.provider_id is 'The provider: sms_provider.id.';
comment on column sms_provider_check.name is 'Its name.';
comment on column sms_provider_check.reason is 'Why it never can; empty: it may.';
comment on column sms_provider_check.left_alone is 'Why it is not given any now, and its last failure; empty: it is.';
comment on column sms_provider_check.probe_at is 'When it is tried next, if something waits for it.';
comment on column sms_provider_check.variables is 'The variables that it has its secrets from, in the sender''s environment.';
comment on column sms_provider_check.files is 'The files that it has its secrets from, in the sender''s SECRETS_DIR.';

create view sms_check as
select t.id as tenant_id, t.name, t.sms_provider_id as provider_id, t.sms_fallback_provider_id as fallback_provider_id,
    case
        when first.provider_id is null then 'it has no SMS provider (tenant.sms_provider_id)'
        when first.reason is null or second.reason is null and second.provider_id is not null then null
        else first.name || ': ' || first.reason || coalesce('; ' || second.name || ': ' || second.reason, '')
    end as reason
from tenant t
left join sms_provider_check first on first.provider_id = t.sms_provider_id
left join sms_provider_check second on second.provider_id = t.sms_fallback_provider_id
where t.enabled and exists (select from external_group g where g.tenant_id = t.id and g.enabled and g.notify_members);
comment on view sms_check is 'Whether the tenants whose members are to be told of calls have anybody to tell them.';
comment on column sms_check.tenant_id is 'The tenant: tenant.id.';
comment on column sms_check.name is 'Its name.';
comment on column sms_check.provider_id is 'tenant.sms_provider_id.';
comment on column sms_check.fallback_provider_id is 'tenant.sms_fallback_provider_id.';
comment on column sms_check.reason is 'Why no SMS of it can ever go out; empty: they may.';
