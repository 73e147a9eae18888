-- Viettel brandname (BulkSMS, SOAP). NOT VERIFIED against a live account.
--
-- Set for the sender: VIETTEL_USER, VIETTEL_PASSWORD, VIETTEL_CPCODE. Set sms_provider.sender to the alias registered with
-- Viettel. Plain HTTP: the password crosses the network as it is; Viettel allows known addresses only, use a VPN if it has one.
--
-- Request  http://viettelsolution.com.vn/index.php/san-pham/tai-lieu-tich-hop-tin-nhan-thuong-hieu-smsbrandname.77.html: wsCpMt;
--          84…, at most 480 characters, no accents, no & ({text_unaccented}); UserID is the receiver's number too
-- Reply    <message>Insert MT_QUEUE: OK</message><result>1</result>; else result 0, and the message says why. Its texts are
--          listed in public clients' code only (searched for: "CONTENT_NOT_MATCH_TEMPLATE"); what is not listed is tried again.
-- No id comes back, and no receipts. The same text again in a short time is dropped: suppressed.
with new as (
    insert into sms_provider (name, driver, url, headers, body_template, content_type, success_pattern) values (
        'Viettel', 'http', 'http://apismsbrand.viettel.vn:8998/bulkapi', '{"SOAPAction": "\"\""}',
        '<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" xmlns:impl="http://impl.bulkSms.ws/"><soapenv:Header/><soapenv:Body><impl:wsCpMt><User>${env:VIETTEL_USER}</User><Password>${env:VIETTEL_PASSWORD}</Password><CPCode>${env:VIETTEL_CPCODE}</CPCode><RequestID>1</RequestID><UserID>{to_international}</UserID><ReceiverID>{to_international}</ReceiverID><ServiceID>{sender}</ServiceID><CommandCode>bulksms</CommandCode><Content>{text_unaccented}</Content><ContentType>0</ContentType></impl:wsCpMt></soapenv:Body></soapenv:Envelope>',
        'text/xml; charset=utf-8', '<result>\s*1\s*</result>'
    ) on conflict (name) do nothing
    returning id
)
insert into sms_reply_rule (provider_id, position, http_status, pattern, means, reason)
select new.id, rule.* from new, (values
    (1, null::int, 'CONTENT_NOT_MATCH_TEMPLATE', 'failed', 'Viettel does not have the text among the alias''s registered templates'),
    (2, null, 'DUPLICATE MESSAGE', 'suppressed', 'Viettel had the same text for this number a moment ago'),
    (3, null, 'ALIAS_INVALID', 'elsewhere', 'the alias is not registered with the member''s network (sms_provider.sender)'),
    (4, null, 'Unable to check telco', 'elsewhere', 'Viettel does not know the network of the member''s number'),
    (5, null, 'Check (?:ReceiverID|UserID)', 'failed', 'Viettel cannot read the member''s number'),
    (6, null, 'Check Content: MAXLENGTH_LIMIT', 'failed', 'Viettel finds the text too long: 480 characters at most'),
    (7, null, 'Check Content: MSG_ERROR_CONTAIN_BLACKLIST', 'failed', 'the text has a word that Viettel blocks'),
    (8, null, 'CP_CODE_NOT_FOUND|WRONG_INFORMATION_AUTHENTICATE|Authenticate: (?:Cp_code|UserName|Password)', 'failed', 'Viettel does not know the user, password or CPCode'),
    (9, null, 'IP_INVALID', 'failed', 'Viettel does not take requests from this machine''s address: have it allowed'),
    (10, null, 'Check information error', 'again', 'Viettel has an error of its own')
) as rule (position, http_status, pattern, means, reason);
