"""SIP as the capture shows it: start line, the identities a reader of the message sees, and whose leg it is."""

import re
from typing import Final, NamedTuple

from kemi.audit import Packet

CUSTOMER: Final = "customer"
_USER: Final = re.compile(r"sips?:([^@;>]+)@")
_DISPLAY: Final = re.compile(r'^\s*("[^"]*")')


class Message(NamedTuple):
    """One SIP message. `party`: the customer, or the member whose leg it is; `inward`: it goes to the edge."""

    at: float
    party: str
    inward: bool
    start: str
    headers: dict[str, str]
    packet: Packet

    @property
    def label(self) -> str:
        """The method, or code and reason: what stands on the arrow."""
        return self.start[8:] if self.start.startswith("SIP/2.0 ") else self.start.partition(" ")[0]

    @property
    def method(self) -> str:
        """The method of the request, or of the request that a reply answers."""
        return self.headers.get("cseq", "").rpartition(" ")[2]

    @property
    def identity(self) -> str:
        """From and To as the receiver reads them."""
        return f"{_who(self.headers.get('from', ''))} → {_who(self.headers.get('to', ''))}"


def messages(packets: list[Packet], edge: tuple[str, int], customer: tuple[str, int]) -> list[Message]:
    """Return the SIP messages of `packets`; a leg is known by the R-URI of its INVITE, then by its Call-ID."""
    legs: dict[str, str] = {}
    found = []
    for packet in packets:
        head = packet.raw.partition(b"\r\n\r\n")[0].decode(errors="replace").split("\r\n")
        headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:])}
        call_id = headers.get("call-id", "")
        inward = packet.dst == edge
        other = packet.src if inward else packet.dst
        if other != customer and head[0].startswith("INVITE "):
            legs.setdefault(call_id, _user(head[0]))
        party = CUSTOMER if other == customer else legs.get(call_id, "?")
        found.append(Message(packet.at, party, inward, head[0], headers, packet))
    return found


def _user(text: str) -> str:
    found = _USER.search(text)
    return found[1] if found else text


def _who(value: str) -> str:
    display = _DISPLAY.match(value)
    return f"{display[1]} {_user(value)}" if display else _user(value)
