"""`extgroup`, the operator's command: what would ring, what became of a call, of an SMS, of a day."""
