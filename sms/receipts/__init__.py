"""Delivery receipts (DLR): what providers report of messages that they took, kept and applied."""

from sms.receipts.kinds import Effect, Status, Taken
from sms.receipts.store import hand_in

__all__ = ["Effect", "Status", "Taken", "hand_in"]
