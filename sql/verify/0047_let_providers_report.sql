-- Every provider has an address of its own that is hard to guess; a key is a reference; a status has one meaning.
insert into sms_provider (id, name, driver, url) values (-1, 'verification', 'http', 'https://example.net/');
insert into sms_receipt_rule (provider_id, value, means) values (-1, 'DELIVRD', 'delivered');
do $$
begin
    if exists (select from sms_provider where length(receipt_token) < 32) then
        raise exception 'a provider''s receipts can be guessed';
    end if;
    begin
        update sms_provider set receipt_signature_header = 'X-Signature', receipt_signature_key = 's3cr3t' where id = -1;
        raise exception 'a secret was stored';
    exception when check_violation then null;
    end;
    begin
        insert into sms_receipt_rule (provider_id, value, means) values (-1, 'Delivrd', 'failed');
        raise exception 'a status has two meanings';
    exception when unique_violation then null;
    end;
end
$$;
