"""`make bench-media`: how many calls an rtpengine of ours carries, and what it adds to their voice."""
