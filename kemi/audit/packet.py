"""What the auditor is given: datagrams, and who is who on the wire."""

from dataclasses import dataclass, field
from typing import TypeAlias

Address: TypeAlias = tuple[str, int]


@dataclass(frozen=True)
class Packet:
    """One SIP message as it passed: when (seconds, monotonic or capture clock), from, to, and its bytes."""

    at: float
    src: Address
    dst: Address
    raw: bytes

    def __str__(self) -> str:
        first = self.raw.split(b"\r\n", 1)[0].decode("latin-1")
        return f"{self.at:.3f} {self.src[0]}:{self.src[1]} → {self.dst[0]}:{self.dst[1]} {first}"


@dataclass(frozen=True)
class Sides:
    """Who is who on the wire: addresses of callers and gateways, and what both sides may know.

    `public` are the edge's hosts, the dialled and the outbound number; `members` the numbers of the group. What is
    known of the caller beforehand goes into `caller_numbers` and `caller_names`; the rest is read off the wire.
    `edges`: if given, only what these addresses sent is audited. `anchored`: voice goes through the edge, so nobody may
    learn another's media address either.
    """

    callers: frozenset[str] = frozenset({"127.0.0.10"})
    gateways: frozenset[str] = frozenset({"127.0.0.20"})
    public: frozenset[str] = frozenset()
    members: frozenset[str] = field(default=frozenset())
    caller_numbers: frozenset[str] = frozenset()
    caller_names: frozenset[str] = frozenset()
    member_names: frozenset[str] = frozenset()
    edges: frozenset[str] = frozenset()
    anchored: bool = False
