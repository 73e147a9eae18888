"""What a deliver_sm says of a message: SMPP v3.4 §5.3.2.12, §5.3.2.35, and the text of its Appendix B. Pure.

id:0A1B2C3D sub:001 dlvrd:001 submit date:2611270810 done date:2611270811 stat:DELIVRD err:000 text:(vContact) Ban
"""

import re
from collections.abc import Mapping
from typing import Final, NamedTuple

from sms.providers.smpp.account import Account
from sms.providers.smpp.pdus import Delivery
from sms.receipts.kinds import Status

_TYPE: Final = 0x3C  # of esm_class: the message type
_RECEIPTS: Final = frozenset({0x04, 0x20})  # a receipt, and one on the way (intermediate notification)
_RECEIPTED_MESSAGE_ID, _MESSAGE_STATE = 0x001E, 0x0427
_FIELD: Final = re.compile(r"\b(id|stat|err): ?((?!\w+:)\S*)", re.IGNORECASE)
_ID: Final = re.compile("[!-~]{1,64}")
_STATES: Final[Mapping[int, str]] = {
    1: "ENROUTE", 2: "DELIVRD", 3: "EXPIRED", 4: "DELETED", 5: "UNDELIV", 6: "ACCEPTD", 7: "UNKNOWN", 8: "REJECTD",
}  # fmt: skip
STATUSES: Final[Mapping[str, tuple[Status, str]]] = {
    "ENROUTE": ("accepted", "the SMSC has it on its way"),
    "ACCEPTD": ("accepted", "the SMSC has it, and somebody took it for the member"),
    "DELIVRD": ("delivered", "the member's telephone has it"),
    "EXPIRED": ("expired", "the SMSC could not deliver it in its time"),
    "DELETED": ("failed", "it was deleted at the SMSC"),
    "UNDELIV": ("failed", "the SMSC cannot deliver it"),
    "REJECTD": ("failed", "the network or the SMSC rejects it"),
    "UNKNOWN": ("ignored", "the SMSC does not know how it stands"),
}


class Said(NamedTuple):
    """A receipt. `reference`: the message's name in the ledger."""

    reference: str
    status: Status
    reason: str


def read(delivery: Delivery, account: Account) -> Said | None:
    """Return what it says; None: it is no receipt, or of nothing."""
    if delivery.esm_class & _TYPE not in _RECEIPTS:
        return None
    head = re.split(r"\btext:", delivery.text.decode("latin-1"), maxsplit=1, flags=re.IGNORECASE)[0]  # the rest is ours
    fields = {name.lower(): value for name, value in reversed(_FIELD.findall(head))}
    name = delivery.parameters.get(_RECEIPTED_MESSAGE_ID, b"").rstrip(b"\0").decode("latin-1")
    reference = account.named(name) if name else account.named_in_receipt(fields.get("id", ""))
    number = delivery.parameters.get(_MESSAGE_STATE)
    word = _STATES.get(int.from_bytes(number), "") if number else fields.get("stat", "").upper()
    if reference is None or not _ID.fullmatch(reference):
        return None
    status, why = STATUSES.get(word, ("ignored", f"the SMSC says {word[:20] or 'nothing'}"))
    reason = f"{word}: {why}" if word in STATUSES else why
    error = fields.get("err", "")[:10]
    return Said(reference, status, f"{reason} (err {error})" if error.strip("0") else reason)
