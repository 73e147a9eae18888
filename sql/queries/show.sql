-- What `make demo` and `make call` show of one call, and how they know that it is over.

-- name: call
select id, to_char(arrived_at at time zone 'Asia/Ho_Chi_Minh', 'HH24:MI:SS') as arrived, dialled, caller_number,
       outbound_number, outcome, reason, final_code, answered_leg, ended_by, ring_ms, talk_ms
from call where id = %(call)s;

-- name: call_leg
select leg, member_number, outcome, code, reason, rang_at is not null as rang, can_text
from call_leg where call_id = %(call)s order by leg, attempt;

-- name: notification
select member_number, kind, state, attempts, provider_message_id, last_error
from notification where call_id = %(call)s order by member_id;

-- name: call_of_customer
select id from call where sip_call_id = %(sip_call_id)s;

-- name: is_settled
select (c.outcome in ('missed', 'refused', 'interrupted') or c.ended_at is not null)
       and not exists (select from notification n where n.call_id = c.id and n.state in ('queued', 'sending'))
from call c where c.id = %(call)s;

-- name: hotline_to_call
select number from hotline where enabled order by external_group_id is null, id limit 1;

-- name: address_to_call_from
select host(a.address) as address
from trunk_address a join trunk t on t.id = a.trunk_id
where t.enabled and a.address << inet '127.0.0.0/8' order by a.trunk_id limit 1;

-- name: sms_url
select p.url from tenant t join sms_provider p on p.id = t.sms_provider_id where t.id = %(tenant)s and p.enabled;
