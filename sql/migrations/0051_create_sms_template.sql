-- why:      each company has its own words, registered with its provider; an SMS of more than one segment costs more than one;
--           the operator is told what a day's SMS cost.
-- when:     after 0050, before the senders of this version start. Older ones go on with the default texts.
-- locks:    ACCESS EXCLUSIVE on sms_provider, notification and notification_attempt for a moment: no row is rewritten;
--           notification is read once for its checks, 0.2 s a million rows. Senders and the ledger wait, calls do not.
-- requires: 0050_create_operator_views.

alter table sms_provider
    add column segment_price numeric(12, 4)
        constraint sms_provider_segment_price_is_not_negative check (segment_price >= 0);
comment on column sms_provider.segment_price is
    'What one segment costs here, in the currency of your reports; empty: not known. It counts for what is accepted from now on.';

alter table notification
    add column alphabet text
        constraint notification_alphabet_is_gsm_or_ucs2 check (alphabet in ('gsm', 'ucs2')),
    add column segments integer
        constraint notification_segments_is_positive check (segments > 0);
comment on column notification.alphabet is 'gsm: every letter of the text is in the GSM alphabet (3GPP TS 23.038); ucs2: one is not.';
comment on column notification.segments is 'How many SMS the text is, and is paid for.';

alter table notification_attempt add column cost numeric(12, 4);
comment on column notification_attempt.cost is
    'What the SMS cost: its segments by sms_provider.segment_price, when it was accepted. Empty: not accepted, or the price is not known.';

create function notification_attempt_costs() returns trigger
    language plpgsql
as $$
begin
    new.cost := (
        select p.segment_price * n.segments from notification n join sms_provider p on p.id = new.provider_id
        where n.id = new.notification_id
    );
    return new;
end
$$;
comment on function notification_attempt_costs() is 'Trigger: an accepted SMS costs what its provider asks for a segment now.';
create trigger notification_attempt_costs before update of fate on notification_attempt
    for each row when (new.fate = 'accepted' and old.fate is distinct from 'accepted')
    execute function notification_attempt_costs();

create function sms_default_text(kind text) returns text
    language sql immutable strict parallel safe
return case kind
    when 'missed'
        then '({brand}) Ban da bi nho {calls} cuoc goi tu so {caller} vao luc {time} {date}. Vui long kiem tra va lien he lai'
    when 'answered' then '({brand}) Ban vua nhan cuoc goi tu so {caller}.'
    when 'missed_withheld' then '({brand}) Ban da bi nho {calls} cuoc goi tu so an vao luc {time} {date}.'
    when 'answered_withheld' then '({brand}) Ban vua nhan cuoc goi tu so an.'
end;
comment on function sms_default_text(text) is 'The text of a kind where the tenant has no sms_template of its own. The twin of sms/messages.py.';

create function sms_alphabet(words text) returns text
    language sql immutable strict parallel safe
return case
    when translate(words,
        E'@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !"#¤%&''()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà\f^{}\\[~]|€',
        '') = '' then 'gsm'
    else 'ucs2'
end;
comment on function sms_alphabet(text) is 'gsm where every letter is in the GSM alphabet (3GPP TS 23.038), else ucs2. The twin of sms/gsm.py.';

create function sms_segments(words text) returns integer
    language plpgsql immutable strict parallel safe
as $$
declare
    is_gsm constant boolean := sms_alphabet(words) = 'gsm';
    each constant integer := case when is_gsm then 153 else 67 end;
    width integer;
    units integer := 0;
    filled integer := 0;
    parts integer := 1;
begin
    for place in 1..length(words) loop
        width := case
            when is_gsm then 1 + (strpos(E'\f^{}\\[~]|€', substr(words, place, 1)) > 0)::integer
            else 1 + (ascii(substr(words, place, 1)) > 65535)::integer
        end;
        units := units + width;
        if filled + width > each then
            parts := parts + 1;
            filled := 0;
        end if;
        filled := filled + width;
    end loop;
    return case when units <= case when is_gsm then 160 else 70 end then 1 else parts end;
end
$$;
comment on function sms_segments(text) is 'How many SMS a text is: 160 GSM letters or 70 others alone, 153 or 67 each of several. The twin of sms/gsm.py.';

create table sms_template (
    tenant_id bigint not null
        constraint sms_template_has_a_tenant_that_exists references tenant on delete cascade,
    kind text not null
        constraint sms_template_kind_is_known check (kind in ('missed', 'answered', 'missed_withheld', 'answered_withheld')),
    text text not null,
    constraint sms_template_is_one_per_tenant_and_kind primary key (tenant_id, kind)
);
comment on table sms_template is
    'A tenant''s own words, as registered with its provider; without a row the default (sms_default_text). Only SMS that nobody has tried to send yet follow a change. sms_template_check says what they come to.';
comment on column sms_template.tenant_id is 'Whose words: tenant.id.';
comment on column sms_template.kind is
    'missed, answered; missed_withheld, answered_withheld: of a caller whose number is not known (tenant.withheld_sms).';
comment on column sms_template.text is
    'One line with fields: {brand} of the tenant, {caller} and {hotline} in national format, {time} 19:09 and {date} 19/09/2019 of the (last) call by the tenant''s clock, {group} and {member} by name, {calls} how many. No accents: 160 letters are one SMS; with any: 70.';

create function sms_template_is_usable() returns trigger
    language plpgsql
as $$
declare
    known constant text[] := array['{brand}', '{caller}', '{time}', '{date}', '{hotline}', '{group}', '{member}', '{calls}'];
    unknown text;
begin
    select field[1] into unknown from regexp_matches(new.text, '\{[^{}]*\}', 'g') field where field[1] <> all (known) limit 1;
    if unknown is not null then
        raise exception 'the field % of the text is not known', unknown
            using errcode = 'check_violation', hint = 'Known are ' || array_to_string(known, ' ') || '.';
    elsif regexp_replace(new.text, '\{[^{}]*\}', '', 'g') ~ '[{}]' then
        raise exception 'the text has a brace that belongs to no field' using errcode = 'check_violation',
            hint = 'Fields are written {brand}; other braces cannot stand in a text.';
    elsif new.text ~ '[[:cntrl:]\u2028\u2029]' or new.text !~ '\S' then
        raise exception 'the text is blank, or not one line' using errcode = 'check_violation',
            hint = 'Line breaks, tabs and other control characters cannot stand in a text.';
    elsif new.kind like '%\_withheld' and strpos(new.text, '{caller}') > 0 then
        raise exception 'a text of kind % cannot have {caller}', new.kind using errcode = 'check_violation',
            hint = 'It is about a caller whose number is not known.';
    end if;
    return new;
end
$$;
comment on function sms_template_is_usable() is 'Trigger: a text has known fields only, on one line; the error says what to change.';
create trigger sms_template_is_usable before insert or update on sms_template
    for each row execute function sms_template_is_usable();

create view sms_template_check as
with words as (
    select t.id as tenant_id, t.name as tenant, t.brand, k.kind, s.text is not null as is_own,
        coalesce(s.text, sms_default_text(k.kind)) as text,
        (select max(length(h.number)) - 2 from hotline h where h.tenant_id = t.id) as hotline,
        (select g.name from external_group g where g.tenant_id = t.id order by sms_segments(g.name) desc, length(g.name) desc limit 1)
            as group_name,
        (select m.name from group_member m join external_group g on g.id = m.group_id
         where g.tenant_id = t.id and m.name is not null order by sms_alphabet(m.name) = 'ucs2' desc, length(m.name) desc limit 1)
            as member
    from tenant t
    cross join (values ('missed'), ('answered'), ('missed_withheld'), ('answered_withheld')) as k (kind)
    left join sms_template s on s.tenant_id = t.id and s.kind = k.kind
), filled as (
    select words.*, replace(replace(replace(replace(replace(replace(replace(replace(text,
        '{caller}', '0909789846'), '{time}', '19:09'), '{date}', '19/09/2019'), '{calls}', '10'),
        '{hotline}', repeat('0', coalesce(hotline, 0))), '{group}', coalesce(group_name, '')), '{member}', coalesce(member, '')),
        '{brand}', brand) as example
    from words
)
select tenant_id, tenant, kind, is_own, text, example, sms_alphabet(example) as alphabet, sms_segments(example) as segments,
    case when sms_segments(example) > 1 then
        sms_segments(example) || ' SMS each' || case when sms_alphabet(example) = 'ucs2' then
            ': ' || left(translate(example,
                E'@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !"#¤%&''()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà\f^{}\\[~]|€',
                ''), 10) || ' is not in the GSM alphabet, so that 70 letters are one SMS instead of 160'
        else '' end
    end as warning
from filled;
comment on view sms_template_check is
    'What each tenant''s texts come to, with its longest names and a Vietnamese caller: select * from sms_template_check where warning is not null. `extgroup texts` shows it.';
comment on column sms_template_check.tenant_id is 'Whose: tenant.id.';
comment on column sms_template_check.tenant is 'Whose, by name.';
comment on column sms_template_check.kind is 'missed, answered, missed_withheld or answered_withheld.';
comment on column sms_template_check.is_own is 'Whether the tenant has a text of its own (sms_template); else it is the default.';
comment on column sms_template_check.text is 'The text with its fields.';
comment on column sms_template_check.example is 'The same, filled in, about as long as it gets.';
comment on column sms_template_check.alphabet is 'gsm or ucs2.';
comment on column sms_template_check.segments is 'How many SMS it is, and is paid for.';
comment on column sms_template_check.warning is 'Where it is more than one SMS: why. Else empty.';

create or replace view sms_line as
select n.id, n.created_at, n.state, n.kind, t.name as tenant, n.member_number, m.name as member_name, n.caller_number,
    n.called_at, n.attempts, p.name as provider, n.accepted_at, n.provider_message_id, n.next_attempt_at, n.last_error, n.text,
    n.call_id, n.tenant_id, coalesce(t.time_zone, 'Asia/Ho_Chi_Minh') as time_zone, n.alphabet, n.segments, last.cost
from notification n
left join tenant t on t.id = n.tenant_id
left join group_member m on m.id = n.member_id
left join lateral (
    select provider_id, (select sum(b.cost) from notification_attempt b where b.notification_id = n.id) as cost
    from notification_attempt a where a.notification_id = n.id order by a.id desc limit 1
) last on true
left join sms_provider p on p.id = last.provider_id;
comment on column sms_line.alphabet is 'gsm or ucs2.';
comment on column sms_line.segments is 'How many SMS the text is, and is paid for.';
comment on column sms_line.cost is 'What it cost, in all attempts that were accepted.';

drop function daily_report(date, date);
create function daily_report(first_day date, last_day date) returns table (
    day date, tenant_id bigint, tenant text, calls bigint, answered bigint, missed bigint, refused bigint, interrupted bigint,
    answer_seconds_mean numeric, answer_seconds_p95 numeric, talk_minutes numeric,
    sms bigint, sms_sent bigint, sms_delivered bigint, sms_failed bigint, sms_waiting bigint, sms_segments bigint, sms_cost numeric
)
    language sql stable
as $$
    with called as (
        select (c.arrived_at at time zone coalesce(t.time_zone, 'Asia/Ho_Chi_Minh'))::date as day, c.tenant_id,
            count(*) as calls,
            count(*) filter (where c.outcome = 'answered' and not c.false_answer) as answered,
            count(*) filter (where c.outcome = 'missed' or c.false_answer) as missed,
            count(*) filter (where c.outcome = 'refused') as refused,
            count(*) filter (where c.outcome = 'interrupted') as interrupted,
            round(avg(c.ring_ms) filter (where c.outcome = 'answered' and not c.false_answer) / 1000, 1) as mean,
            round((percentile_cont(0.95) within group (order by c.ring_ms)
                filter (where c.outcome = 'answered' and not c.false_answer) / 1000)::numeric, 1) as p95,
            round(coalesce(sum(c.talk_ms), 0) / 60000.0, 1) as talked
        from call c left join tenant t on t.id = c.tenant_id
        -- Two days more on either side: the days are those of each tenant's zone.
        where c.arrived_at >= (first_day - 2)::timestamptz and c.arrived_at < (last_day + 3)::timestamptz
        group by 1, 2
    ), texted as (
        select (c.arrived_at at time zone coalesce(t.time_zone, 'Asia/Ho_Chi_Minh'))::date as day, c.tenant_id,
            count(*) filter (where n.state not in ('not_applicable', 'withheld', 'merged')) as sms,
            count(*) filter (where n.accepted_at is not null) as sent,
            count(*) filter (where n.state = 'delivered') as delivered,
            count(*) filter (where n.state in ('failed', 'expired')) as failed,
            count(*) filter (where n.state in ('queued', 'sending', 'unknown')) as waiting,
            coalesce(sum(n.segments) filter (where n.accepted_at is not null), 0) as segments,
            sum(paid.cost) as cost
        from call c join notification n on n.call_id = c.id left join tenant t on t.id = c.tenant_id
        cross join lateral (select sum(a.cost) as cost from notification_attempt a where a.notification_id = n.id) paid
        where c.arrived_at >= (first_day - 2)::timestamptz and c.arrived_at < (last_day + 3)::timestamptz
        group by 1, 2
    )
    select c.day, c.tenant_id, coalesce(t.name, ''), c.calls, c.answered, c.missed, c.refused, c.interrupted, c.mean, c.p95, c.talked,
        coalesce(s.sms, 0), coalesce(s.sent, 0), coalesce(s.delivered, 0), coalesce(s.failed, 0), coalesce(s.waiting, 0),
        coalesce(s.segments, 0), s.cost
    from called c
    left join texted s on s.day = c.day and s.tenant_id = c.tenant_id
    left join tenant t on t.id = c.tenant_id
    where c.day between first_day and last_day
    order by c.day, 3, 2;
$$;
comment on function daily_report(date, date) is
    'A line for each day, first to last by the tenant''s own clock, and tenant (empty: calls to no hotline): calls and what became of them; seconds to the answer, mean and the 95th of a hundred; minutes talked; SMS that were to be sent, were taken by the provider, are known to have arrived, failed or expired, still wait; segments of what was taken, and its cost where prices are known (sms_provider.segment_price). An answer that was none (false_answer) counts as missed. `extgroup report` shows it.';
