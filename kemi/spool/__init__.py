"""The spool: what the SIP workers saw, in append-only files, until the ledger has it (design.md §2)."""
