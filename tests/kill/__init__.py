"""Whatever is killed with -9, whenever: the wire, the ledger and the SMS still tell one story (kemi/decisions/0009)."""
