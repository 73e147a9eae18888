-- A recording that is made may lack something, and says what.
insert into recording (call_id, node, keep_days) values ('v', 'v', 30);
update recording
set state = 'made', file = 'v', seconds = 2.5, made_at = now(), keep_until = now(), why = 'it was cut off'
where call_id = 'v';
