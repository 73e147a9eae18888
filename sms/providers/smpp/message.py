"""A text as the fields of one or more submit_sm (SMPP v3.4 §4.4.1; 3GPP TS 23.040 §9.2.3.24.1 for udh). Pure."""

import hashlib
import re
from typing import Any, Final, NamedTuple

from sms import gsm
from sms.providers.kinds import Message
from sms.providers.smpp.account import BadRowError, Manner

Fields = dict[str, Any]
_UCS2: Final = 0x08
_UDHI: Final = 0x40  # esm_class: the text begins with a header
_CONCATENATED: Final = b"\x05\x00\x03"  # 5 octets follow, of them one element: 0, and 3 octets long
_MOST_PARTS: Final = 255
_MOST_SENDER: Final = 20
_NAME: Final = (5, 0)  # TON alphanumeric, NPI unknown
_INTERNATIONAL: Final = (1, 1)
_DIGITS: Final = (0, 1)


class _Address(NamedTuple):
    ton: int
    npi: int
    digits: str


def submits(message: Message, manner: Manner) -> list[Fields]:
    """Return the fields of each submit_sm that `message` takes. Raises `BadRowError`."""
    source = _source(message.sender, manner)
    base: Fields = {
        "service_type": manner.service_type,
        "source_addr_ton": source.ton,
        "source_addr_npi": source.npi,
        "source_addr": source.digits,
        "dest_addr_ton": manner.dest_ton,
        "dest_addr_npi": manner.dest_npi,
        "destination_addr": message.to_e164.removeprefix("+"),
    }
    charset, base["data_coding"] = _charset(message.text, manner)
    texts = gsm.parts(message.text)
    asked = {"registered_delivery": manner.receipts}
    if len(texts) == 1:
        return [base | asked | {"short_message": _encoded(message.text, charset)}]
    if manner.long_text == "payload":
        return [base | asked | {"message_payload": _encoded(message.text, charset)}]
    if len(texts) > _MOST_PARTS:
        raise BadRowError("the text is longer than 255 SMS")
    # The same at every try of a request: a telephone that got half of it the first time can put it together.
    reference = int.from_bytes(hashlib.sha256(message.request_id.encode()).digest()[:2])
    pieces = [_encoded(text, charset) for text in texts]
    cut = _sar if manner.long_text == "sar" else _udh
    found = [base | cut(piece, reference, len(texts), number) for number, piece in enumerate(pieces, 1)]
    found[-1] |= asked  # one receipt for one message: its id is the last one's
    return found


def _source(sender: str, manner: Manner) -> _Address:
    if not sender.isascii() or len(sender) > _MOST_SENDER:
        raise BadRowError("the sender must be at most 20 ASCII characters (sms_provider.sender, or the tenant's brand)")
    ton, npi = _NAME
    if re.fullmatch(r"\+[0-9]+", sender):
        ton, npi = _INTERNATIONAL
    elif re.fullmatch("[0-9]+", sender):
        ton, npi = _DIGITS
    digits = sender.removeprefix("+") if ton == _INTERNATIONAL[0] else sender
    ton = ton if manner.source_ton is None else manner.source_ton
    return _Address(ton, npi if manner.source_npi is None else manner.source_npi, digits)


def _charset(text: str, manner: Manner) -> tuple[str, int]:
    if gsm.is_gsm(text):
        try:
            _encoded(text, manner.charset)
        except UnicodeEncodeError:  # "é" is in the GSM alphabet, but not in ASCII
            return "utf-16-be", _UCS2
        return manner.charset, manner.data_coding
    return "utf-16-be", _UCS2


def _encoded(text: str, charset: str) -> bytes:
    return gsm.encode(text) if charset == "gsm" else text.encode(charset)


def _udh(octets: bytes, reference: int, total: int, number: int) -> Fields:
    return {"esm_class": _UDHI, "short_message": _CONCATENATED + bytes([reference & 0xFF, total, number]) + octets}


def _sar(octets: bytes, reference: int, total: int, number: int) -> Fields:
    numbers = {"sar_msg_ref_num": reference, "sar_total_segments": total, "sar_segment_seqnum": number}
    return {"short_message": octets, **numbers}
