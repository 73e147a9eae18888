-- Every spelling that people type comes out as one number, and what is no number is refused.
do $$
declare
    spelling text;
begin
    foreach spelling in array array[
        '02727777787', '842727777787', '+842727777787', '00842727777787', 'tel:+84-272-7777-787', '(0272) 7777.787']
    loop
        if e164(spelling) <> '+842727777787' then
            raise exception '% became %', spelling, e164(spelling);
        end if;
    end loop;
    foreach spelling in array array['', 'abc', '113', '+0842727777787', '0272777778x', '+8427277777871234567'] loop
        begin
            spelling := e164(spelling);
        exception when invalid_text_representation then
            continue;
        end;
        raise exception '% was taken for a number', spelling;
    end loop;
end
$$;
