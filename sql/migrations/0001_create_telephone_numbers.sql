-- why:      people write numbers as 0272 7777 787, 84…, +84…, 0084…; inside there is one spelling, E.164.
-- when:     the first migration of an empty database.
-- locks:    none that anybody waits for.
-- requires: PostgreSQL 15.

create function is_e164(number text) returns boolean
    language sql immutable parallel safe
    return number ~ '^\+[1-9][0-9]{5,14}$'; -- ITU-T E.164 §6.2.1: 15 digits at most
comment on function is_e164(text) is 'Whether a number is spelled in E.164 with the plus sign: +842727777787.';

-- The twin of kemi/domain/e164.py; tests/unit/test_sql_e164.py holds the two together.
create function e164(spelling text, country text default '84') returns text
    language plpgsql immutable strict parallel safe
as $$
declare
    bare text := translate(split_part(regexp_replace(spelling, '^tel:', ''), ';', 1), ' .-()/' || chr(160), '');
    number text := case
        when bare like '+%' then bare
        when bare like '00%' then '+' || substr(bare, 3)
        when bare like '0%' then '+' || country || substr(bare, 2)
        -- 84 and at least 8 digits more is a number with its country; shorter is a service number
        when starts_with(bare, country) and length(bare) >= length(country) + 8 then '+' || bare
    end;
begin
    if is_e164(number) is not true then
        raise exception '"%" is not a telephone number', spelling
            using errcode = 'invalid_text_representation',
                  hint = 'Write it with its area code, like 02727777787, or with its country, like +842727777787.';
    end if;
    return number;
end
$$;
comment on function e164(text, text) is
    'A telephone number in any spelling people type (0…, 84…, +84…, 0084…, tel:, spaces, dots, dashes, brackets) as E.164. '
    'The second argument is the calling code of a number written without one. An error for what is no number.';

create function number_to_e164() returns trigger
    language plpgsql
as $$
begin
    new.number := e164(new.number);
    return new;
end
$$;
comment on function number_to_e164() is 'Trigger: the column "number" takes every spelling and keeps E.164.';
