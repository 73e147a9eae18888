"""PDUs as octets and back, with smpplib's codec. Only the codec is used of it: kemi/decisions/0034."""

import struct
from typing import Any, Final, NamedTuple

from smpplib import smpp
from smpplib.command_codes import commands

from sms.providers.smpp.codes import ROK

_HEADER: Final = struct.Struct(">LLLL")
HEADER: Final = _HEADER.size
_NAMES: Final = {code: name for name, code in commands.items()}
_NACK: Final = "generic_nack"
_MOST_LENGTH: Final = 70_000  # octets: a message_payload of 64 K, and what stands around it


class BadPduError(Exception):
    """What came is no PDU: where the next one begins is not known."""


class Header(NamedTuple):
    """The head of a PDU. `name`: "": a command that nobody knows."""

    length: int
    name: str
    status: int
    sequence: int

    @property
    def is_answer(self) -> bool:
        """Somebody may be waiting for it."""
        return self.name == _NACK or self.name.endswith("_resp")

    def answers(self, request: str) -> bool:
        """Tell whether it may be the answer to a `request`."""
        return self.name in {_NACK, f"{request}_resp"}


def header(data: bytes) -> Header:
    """Read the first `HEADER` octets of a PDU. Raises `BadPduError`."""
    length, command, status, sequence = _HEADER.unpack(data)
    if not HEADER <= length <= _MOST_LENGTH:
        raise BadPduError(f"a PDU of {length} octets")
    return Header(length, _NAMES.get(command, ""), status, sequence)


def build(name: str, sequence: int, status: int = ROK, **fields: Any) -> bytes:
    """Return a PDU. Texts longer than their field are cut: whoever may have such ones looks first."""
    pdu = smpp.make_pdu(name, client=None, sequence=sequence, status=status, **fields)
    pdu.sequence = sequence
    data: bytes = pdu.generate()
    return data


def first_text(body: bytes) -> str:
    """Return the first field of `body`, a C-octet string: in most answers the message_id."""
    return body.partition(b"\0")[0].decode("latin-1")
