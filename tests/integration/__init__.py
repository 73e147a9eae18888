"""The real stack: Kamailio, PostgreSQL, and what it does on the wire and in the ledger."""
