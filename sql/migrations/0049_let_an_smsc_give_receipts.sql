-- why:      an SMSC gives receipts on the line that messages go out on; a row may say which, and how their ids are written.
-- when:     after 0046 and 0048, before the senders of this version start: they ask for receipts. Older ones refuse such a row.
-- locks:    ACCESS EXCLUSIVE on sms_provider for a moment: a few rows are read for the new check.
-- requires: 0046_take_receipts, 0048_let_an_smsc_be_a_provider.

alter table sms_provider
    drop constraint sms_provider_smpp_options_are_known,
    add constraint sms_provider_smpp_options_are_known check (
        driver <> 'smpp' or options - array[
            'system_type', 'service_type', 'window', 'enquire_link', 'source_ton', 'source_npi', 'dest_ton', 'dest_npi',
            'alphabet', 'data_coding', 'long_text', 'receipts', 'receipt_id'
        ] = '{}'
    );
