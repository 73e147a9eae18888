-- How an SMSC writes the ids of its receipts is an option of its row.
insert into sms_provider (id, name, driver, url, credentials, options)
values (-1, 'verification', 'smpp', 'smpp://smsc.example.net:2775',
        '{"system_id": "${env:SMSC_USER}", "password": "${file:smsc}"}', '{"receipts": "2", "receipt_id": "decimal"}');
