"""How fast a call becomes an SMS: spool to ledger, queue to provider, a member's answer to the request about it."""
