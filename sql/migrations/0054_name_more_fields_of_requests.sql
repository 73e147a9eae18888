-- why:      requests of the driver http take more fields (texts without accents, tokens, templates that the provider has itself),
--           and the tables are their own manual.
-- when:     after 0047.
-- locks:    none that anybody waits for: comments only.
-- requires: 0047_let_providers_report.

comment on column sms_provider.body_template is
    'The request''s body with fields to fill in: {to} national, {to_international} with its country and no +, {to_e164}, {text}, {text_unaccented} in ASCII and without &, {sender}, {notification_id}, {request_id}, {receipt_url} (where to report; empty without RECEIPTS_URL); of the text {kind}, {brand}, {caller}, {time}, {date}, {hotline}, {group}, {member}, {calls}, and {template_id}, what the provider calls it (options: template_id_missed, template_id_answered); {jwt}, a token with HS256. Also takes ${env:NAME} and ${file:NAME}.';
comment on column sms_provider.credentials is
    'What the drivers esms, speedsms, twilio and smpp, and the field {jwt} of the driver http (jwt_issuer, jwt_key), log in with, {"name": "reference"} (sms/README.md). Only references: ${env:NAME}, a variable of the sender''s environment, or ${file:NAME}, a file in its SECRETS_DIR. Never the secret itself.';
comment on column sms_provider.options is
    'What else the drivers may be told, {"name": "value"} (sms/README.md).';
