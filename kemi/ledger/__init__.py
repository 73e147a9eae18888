"""The ledger: spool files into `call`, `call_leg` and `notification`, each event counted once (design.md §2)."""
