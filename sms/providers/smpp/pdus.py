"""PDUs as octets, made by smpplib, and back. Why no more of it is used: kemi/decisions/0034."""

import struct
from typing import Any, Final, NamedTuple

from smpplib import smpp
from smpplib.command_codes import commands

from sms.providers.smpp.codes import ROK

_HEADER: Final = struct.Struct(">LLLL")
HEADER: Final = _HEADER.size
_PARAMETER: Final = struct.Struct(">HH")
_MESSAGE_PAYLOAD: Final = 0x0424
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


class Delivery(NamedTuple):
    """A deliver_sm. `parameters`: the optional ones, by their tag."""

    esm_class: int
    text: bytes
    parameters: dict[int, bytes]


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


def delivery(body: bytes) -> Delivery:
    """Read the body of a deliver_sm (SMPP v3.4 §4.6.1). Raises `BadPduError`."""
    try:
        _, rest = body.split(b"\0", 1)  # service_type
        for _ in ("source", "destination"):
            _, rest = rest[2:].split(b"\0", 1)  # TON, NPI, address
        esm_class, rest = rest[0], rest[3:]  # with protocol_id, priority_flag
        _, _, rest = rest.split(b"\0", 2)  # schedule_delivery_time, validity_period
        length, rest = (
            rest[4],
            rest[5:],
        )  # after registered_delivery, replace_if_present_flag, data_coding, sm_default_msg_id
        text, rest = rest[:length], rest[length:]
        parameters = {}
        while rest:
            tag, size = _PARAMETER.unpack(rest[: _PARAMETER.size])
            rest = rest[_PARAMETER.size :]
            parameters[tag], rest = rest[:size], rest[size:]
    except (ValueError, IndexError, struct.error):
        raise BadPduError("a deliver_sm that ends too early") from None
    return Delivery(esm_class, text or parameters.get(_MESSAGE_PAYLOAD, b""), parameters)
