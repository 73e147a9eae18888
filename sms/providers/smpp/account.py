"""What a provider's row says of an SMSC: whom to bind to, and how its texts are to be written.

url          smpp://host:port, or smpps://host:port for TLS
credentials  system_id, password; ca: the certificate of whoever signed the SMSC's, if no public authority did

option        default  meaning
system_type            of the bind
window        10       submit_sm without an answer at one time
enquire_link  30       seconds between two questions whether the SMSC is still there
service_type           of each message
source_ton    by the sender: 5 a name, 1 a number with +, 0 other digits
source_npi    by the sender: 0 a name, 1 a number
dest_ton      1        international; the number is written 84…
dest_npi      1
alphabet      gsm      of texts in GSM letters: gsm (a septet in each octet), ascii, latin1; all others are UCS-2
data_coding   0, 1, 3  by the alphabet, in that order
long_text     udh      of several SMS: udh (a header in each), sar (numbered in parameters), payload (in one piece)
"""

import re
from collections.abc import Mapping
from typing import Final, Literal, NamedTuple, TypeVar
from urllib.parse import urlsplit

from sms.providers.kinds import Provider
from sms.templates import credentials

_Found = TypeVar("_Found")
LongText = Literal["udh", "sar", "payload"]
ReceiptId = Literal["same", "decimal", "hex"]
_LONG_TEXTS: Final[Mapping[str, LongText]] = {"udh": "udh", "sar": "sar", "payload": "payload"}
_RECEIPT_IDS: Final[Mapping[str, ReceiptId]] = {"same": "same", "decimal": "decimal", "hex": "hex"}
_PORTS: Final = {"smpp": 2775, "smpps": 3550}
_CODINGS: Final[Mapping[str, tuple[str, int]]] = {"gsm": ("gsm", 0), "ascii": ("ascii", 1), "latin1": ("latin-1", 3)}
_MOST_ID: Final = 64  # SMPP v3.4 §4.4.2
_LENGTHS: Final = {"system_id": 15, "password": 8, "system_type": 12, "service_type": 5}  # SMPP v3.4 §4.1.1, §4.4.1


class BadRowError(Exception):
    """The provider's row says something that SMPP cannot do."""


class Account(NamedTuple):
    """Whom to bind to, and as who."""

    host: str
    port: int
    tls: bool
    ca: str | None
    system_id: str
    password: str
    system_type: str
    window: int
    enquire_seconds: float
    receipt_id: ReceiptId

    def named(self, message_id: str) -> str | None:
        """Return the name that a message has in the ledger, by the id of a submit_sm_resp; None: it has none."""
        return _in_decimal(message_id, {"same": 0, "decimal": 16, "hex": 10}[self.receipt_id])

    def named_in_receipt(self, message_id: str) -> str | None:
        """Return the same name by the id in the text of a receipt."""
        return _in_decimal(message_id, {"same": 0, "decimal": 10, "hex": 16}[self.receipt_id])

    def __repr__(self) -> str:
        return f"Account({self.host}:{self.port})"  # no secret in any log


class Manner(NamedTuple):
    """How the SMSC wants its messages."""

    service_type: str
    source_ton: int | None
    source_npi: int | None
    dest_ton: int
    dest_npi: int
    charset: str
    data_coding: int
    receipts: int
    long_text: LongText


def account(provider: Provider, env: Mapping[str, str]) -> Account:
    """Return whom to bind to. Raises `BadRowError`, `MissingSecretError`."""
    where = urlsplit(provider.url)
    try:
        port = where.port
    except ValueError:
        port = 0
    if where.scheme not in _PORTS or not where.hostname or port == 0:
        raise BadRowError(f"url must be smpp://host:port or smpps://host:port, not {provider.url[:100]}")
    system_id, password = credentials(provider.credentials, env, "system_id", "password")
    ca = credentials(provider.credentials, env, "ca")[0] if "ca" in provider.credentials else None
    options = provider.options
    found = Account(
        host=where.hostname,
        port=port or _PORTS[where.scheme],
        tls=where.scheme == "smpps",
        ca=ca,
        system_id=system_id,
        password=password,
        system_type=options.get("system_type", ""),
        window=_number(options, "window", 10, 1, 1000),
        enquire_seconds=_number(options, "enquire_link", 30, 1, 3600),
        receipt_id=_one_of(options, "receipt_id", "same", _RECEIPT_IDS),
    )
    _fit(found._asdict())
    return found


def manner(options: Mapping[str, str]) -> Manner:
    """Return how messages are to be written. Raises `BadRowError`."""
    charset, coding = _one_of(options, "alphabet", "gsm", _CODINGS)
    found = Manner(
        service_type=options.get("service_type", ""),
        source_ton=_number(options, "source_ton", 0, 0, 6) if "source_ton" in options else None,
        source_npi=_number(options, "source_npi", 0, 0, 18) if "source_npi" in options else None,
        dest_ton=_number(options, "dest_ton", 1, 0, 6),
        dest_npi=_number(options, "dest_npi", 1, 0, 18),
        charset=charset,
        data_coding=_number(options, "data_coding", coding, 0, 255),
        receipts=_number(options, "receipts", 1, 0, 2),
        long_text=_one_of(options, "long_text", "udh", _LONG_TEXTS),
    )
    _fit(found._asdict())
    return found


def _one_of(options: Mapping[str, str], name: str, default: str, known: Mapping[str, _Found]) -> _Found:
    text = options.get(name, default)
    if text not in known:
        *others, last = known
        raise BadRowError(f"options: {name} must be {', '.join(others)} or {last}, not {text[:20]}")
    return known[text]


def _number(options: Mapping[str, str], name: str, default: int, least: int, most: int) -> int:
    text = options.get(name, str(default))
    if not re.fullmatch("[0-9]{1,4}", text) or not least <= int(text) <= most:
        raise BadRowError(f"options: {name} must be a number from {least} to {most}, not {text[:20]}")
    return int(text)


def _fit(fields: Mapping[str, object]) -> None:
    """Look whether texts fit: the codec would cut them."""
    for name, most in _LENGTHS.items():
        text = fields.get(name)
        if isinstance(text, str) and (len(text) > most or not text.isascii()):
            raise BadRowError(f"{name} must be at most {most} ASCII characters: SMPP has no room for more")


def _in_decimal(message_id: str, base: int) -> str | None:
    """Return a number written in `base` in decimal; 0, and what is no number: as it is."""
    if base and len(message_id) <= _MOST_ID and re.fullmatch("[0-9]+" if base == 10 else "[0-9A-Fa-f]+", message_id):
        return str(int(message_id, base))
    return message_id or None
