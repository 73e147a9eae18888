-- why:      providers report what became of an SMS by HTTP, to an address that nobody else knows; the row says whom to believe
--           and, for a provider without a driver of its own, what the report's fields and words mean.
-- when:     after 0046, before the receipts endpoint starts. Senders of the version before go on.
-- locks:    ACCESS EXCLUSIVE on sms_provider while it is rewritten, a few rows.
-- requires: 0046_take_receipts.

alter table sms_provider
    add column receipt_token text not null default replace(gen_random_uuid()::text, '-', '')
        constraint sms_provider_receipt_token_is_hard_to_guess check (receipt_token ~ '^[A-Za-z0-9_-]{32,64}$')
        constraint sms_provider_receipt_token_is_unique unique,
    add column receipt_sources cidr[] not null default '{}',
    add column receipt_signature_header text
        constraint sms_provider_receipt_signature_header_is_a_header check (receipt_signature_header ~ '^[A-Za-z0-9-]{1,64}$'),
    add column receipt_signature_hash text not null default 'sha256'
        constraint sms_provider_receipt_signature_hash_is_known check (receipt_signature_hash in ('sha1', 'sha256', 'sha512')),
    add column receipt_signature_key text
        constraint sms_provider_receipt_signature_key_is_a_reference check (
            receipt_signature_key ~ '^\$\{(env:[A-Za-z_][A-Za-z0-9_]*|file:[A-Za-z0-9_][A-Za-z0-9_.-]*)\}$'
        ),
    add constraint sms_provider_receipt_signature_is_whole
        check ((receipt_signature_header is null) = (receipt_signature_key is null)),
    add column receipt_list_field text,
    add column receipt_reference_field text,
    add column receipt_request_id_field text,
    add column receipt_status_field text,
    add column receipt_reason_field text;
comment on column sms_provider.receipt_token is
    'The secret in the address that its receipts come to, RECEIPTS_URL/receipts/<receipt_token>; who knows it can report as this provider. To change it: set it to default, and tell the provider.';
comment on column sms_provider.receipt_sources is 'Where receipts may come from, addresses or networks; {}: anywhere.';
comment on column sms_provider.receipt_signature_header is
    'The header with the receipt''s signature: the HMAC of its body (of the query string where there is no body) under receipt_signature_key, hexadecimal or base64. Empty: it signs nothing. (Driver twilio: always checked in its own way, with auth_token.)';
comment on column sms_provider.receipt_signature_hash is 'The hash of that HMAC: sha1, sha256 or sha512.';
comment on column sms_provider.receipt_signature_key is 'Its key, a reference: ${env:NAME} or ${file:NAME}, never the secret itself.';
comment on column sms_provider.receipt_list_field is
    'Driver http: where several receipts come at once, the field that holds them, "a.b"; empty: one receipt, or a JSON list of them.';
comment on column sms_provider.receipt_reference_field is
    'Driver http: the receipt''s field with the id that message_id_pattern found; "a.b" is b within a, "a.0" the first of a.';
comment on column sms_provider.receipt_request_id_field is
    'Driver http: the field with our {request_id}, where it brings that back. {receipt_url} brings it back by itself.';
comment on column sms_provider.receipt_status_field is
    'Driver http: the field with the status, whose values sms_receipt_rule explains. Empty: it sends no receipts.';
comment on column sms_provider.receipt_reason_field is 'Driver http: the field with the reason, in words or a code; empty: none.';
comment on column sms_provider.body_template is
    'The request''s body with fields to fill in: {to} national, {to_international} with its country and no +, {to_e164}, {text}, {sender}, {notification_id}, {request_id}, {receipt_url} (where to report; empty without RECEIPTS_URL). Also takes ${env:NAME} and ${file:NAME}.';

create table sms_receipt_rule (
    provider_id bigint not null
        constraint sms_receipt_rule_has_a_provider_that_exists references sms_provider on delete cascade,
    value text not null,
    means text not null
        constraint sms_receipt_rule_means_something_known check (means in ('accepted', 'delivered', 'failed', 'expired', 'ignored')),
    reason text
        constraint sms_receipt_rule_reason_is_not_blank check (reason ~ '\S')
);
comment on table sms_receipt_rule is
    'What the status of a receipt means, for a provider of the driver http. A status without a row is kept and moves nothing.';
comment on column sms_receipt_rule.provider_id is 'Whose receipt: sms_provider.id.';
comment on column sms_receipt_rule.value is 'The status as the provider writes it; capitals and small letters are the same.';
comment on column sms_receipt_rule.means is
    'accepted: taken, on its way; delivered: it arrived; failed: it never will; expired: the provider gave up; ignored: none of these.';
comment on column sms_receipt_rule.reason is 'Why, in words for people: what notification.last_error will say; empty: what the receipt says.';
-- the rules of a provider, and one meaning for a status (receipts.sql: provider)
create unique index sms_receipt_rule_is_one_per_value on sms_receipt_rule (provider_id, lower(value));

create or replace function take_receipt(
    provider bigint, reference text, request_id text, status text, reason text, raw text,
    out receipt bigint, out effect text, out notification bigint, out state text
)
    language plpgsql
as $$
#variable_conflict use_column
declare
    a record;
begin
    for turn in 1..2 loop
        -- Requests that repeat one another share our name of them, not the provider's: his counts first, and one that has
        -- none yet before one that has another.
        select found.id, found.notification_id into a
        from (
            select t.id, t.notification_id, t.provider_id, t.message_id
            from notification_attempt t where t.message_id = take_receipt.reference
            union all
            select t.id, t.notification_id, t.provider_id, t.message_id
            from notification_attempt t where t.request_id = take_receipt.request_id
        ) found
        where found.provider_id = provider
        order by found.message_id is not distinct from take_receipt.reference desc, found.message_id is null desc, found.id desc
        limit 1;
        exit when a.id is not null or take_receipt.reference is null;
        -- The request may be about to be recorded: who is first here is seen by the other (attempt_is_named).
        if turn = 1 then
            perform pg_advisory_xact_lock(hashtextextended(provider || ' ' || take_receipt.reference, 46));
        end if;
    end loop;
    insert into sms_receipt (provider_id, reference, request_id, status, reason, raw, notification_id, attempt_id)
    values (provider, take_receipt.reference, take_receipt.request_id, take_receipt.status, take_receipt.reason,
        take_receipt.raw, a.notification_id, a.id)
    returning id into receipt;
    if a.notification_id is not null then
        perform settle_receipts(a.notification_id);
    end if;
    select s.effect, n.id, n.state into effect, notification, state
    from sms_receipt s left join notification n on n.id = s.notification_id where s.id = receipt;
end
$$;
