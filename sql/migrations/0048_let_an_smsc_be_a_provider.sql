-- why:      many carriers take SMS over SMPP only. An SMSC is a row like every other provider: smpp://host:port.
-- when:     after 0042, before the senders of this version start. Older ones cannot speak to such a row: start them anew first.
-- locks:    ACCESS EXCLUSIVE on sms_provider for a moment: a few rows are read for the new checks.
-- requires: 0040_let_providers_be_told_apart.

alter table sms_provider
    drop constraint sms_provider_driver_is_known,
    add constraint sms_provider_driver_is_known check (driver in ('http', 'esms', 'speedsms', 'twilio', 'smpp')),
    drop constraint sms_provider_url_is_http,
    add constraint sms_provider_url_is_http_or_smpp check (
        case when driver = 'smpp' then url ~ '^smpps?://[^\s/@]+$' else url ~ '^https?://[^\s/]+' end
    ),
    add constraint sms_provider_smpp_has_its_login check (
        driver <> 'smpp' or credentials ?& array['system_id', 'password']
    ),
    add constraint sms_provider_smpp_options_are_known check (
        driver <> 'smpp' or options - array[
            'system_type', 'service_type', 'window', 'enquire_link', 'source_ton', 'source_npi', 'dest_ton', 'dest_npi',
            'alphabet', 'data_coding', 'long_text'
        ] = '{}'
    );
comment on column sms_provider.driver is
    'The program part that speaks to it: http (any provider, by its row), esms, speedsms, twilio, smpp (an SMSC, SMPP 3.4).';
comment on column sms_provider.url is 'Where the request goes; of an SMSC smpp://host:port, or smpps://host:port for TLS.';
comment on column sms_provider.credentials is
    'What the drivers esms, speedsms, twilio and smpp log in with, {"name": "reference"} (sms/README.md). Only references: ${env:NAME}, a variable of the sender''s environment, or ${file:NAME}, a file in its SECRETS_DIR. Never the secret itself.';
comment on column notification_attempt.http_status is
    'The HTTP status of the reply, or an SMSC''s command_status (0: taken); empty: there was none.';
