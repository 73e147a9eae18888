-- why:      a capture that a full disk or a killed rtpengine had cut off counted as a whole recording.
-- when:     after 0085; edges of any version go on.
-- locks:    none.
-- requires: 0066_create_recording.sql

comment on column recording.why is 'Why there is none; of one that is made, what is missing.';
