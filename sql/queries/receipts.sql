-- Receipts (sms/receipts/).

-- name: take
select receipt, effect, notification, state
from take_receipt(%(provider)s, %(reference)s, %(request_id)s, %(status)s, %(reason)s, %(raw)s)

-- name: provider
select p.id, p.driver, p.credentials, p.receipt_token as token, p.receipt_sources::text[] as sources,
    p.receipt_signature_header as signature_header, p.receipt_signature_hash as signature_hash,
    p.receipt_signature_key as signature_key, p.receipt_list_field as list_field,
    p.receipt_reference_field as reference_field, p.receipt_request_id_field as request_id_field,
    p.receipt_status_field as status_field, p.receipt_reason_field as reason_field,
    (select coalesce(json_agg(json_build_array(lower(value), means, reason)), '[]')
     from sms_receipt_rule where provider_id = p.id) as rules
from sms_provider p
where p.receipt_token = %(token)s

-- name: alive
select 1
