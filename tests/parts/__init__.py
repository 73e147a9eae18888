"""Ledger, SMS, receipts, recordings and the operator's commands, with no edge running."""
