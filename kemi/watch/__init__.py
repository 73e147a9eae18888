"""The watch: knows the open calls from the spool, keeps the limits' counters true, ends calls that are too long."""
