"""The demo's world in memory: one hotline of vContact, its group, a trunk, a carrier; and the real router on the fake.

world = World()  # then: world.kam.receive(world.invite(), world.TRUNK)
"""

import re
from hashlib import blake2b
from pathlib import Path
from typing import ClassVar, Final

from kemi.call import Calls
from kemi.dialog import Dialogs
from kemi.domain.events import Event
from kemi.domain.model import Gateway, Group, Hotline, Member, Plan, Tenant, TrunkAddress
from kemi.tokens import Keyring
from tests.fakes.kamailio import FakeKamailio  # before the router: it puts KSR where the router's import finds it
from tests.fakes.state import Address
from tests.leaks import Finding, Sides, find_leaks
from tests.sip.wire import Packet

from kemi.ksr.router import Router  # isort: skip

_CONFIG: Final = Path(__file__).parents[2] / "kamailio.cfg"
HOST: Final = "127.0.0.1:5060"
KEY: Final = "1:" + "17" * 32
HOTLINE: Final = "+842727777787"
MEMBERS: Final = ("+84844441909", "+84844441910", "+84987654321")
CALLER: Final = "0909789846"
SDP: Final = (
    "v=0\r\no=alice 1 1 IN IP4 127.0.0.10\r\ns=Alice\r\nc=IN IP4 127.0.0.10\r\nt=0 0\r\n"
    "m=audio 4000 RTP/AVP 8\r\na=rtpmap:8 PCMA/8000\r\na=tool:AlicePhone\r\n"
)


def branch_of(call_id: str) -> str:
    """Return what tells a call's Via branch from another's, and nothing of its Call-ID, which is a secret."""
    return blake2b(call_id.encode(), digest_size=6).hexdigest()


class MemoryTable:
    """A routing table that is a few dictionaries."""

    def __init__(self) -> None:
        members = tuple(Member(i, number, True) for i, number in enumerate(MEMBERS, 1))
        group = Group(1, "Kinh doanh", "simultaneous", HOTLINE, None, 6, True, "offered", members, (), (1,))
        self.hotlines = {HOTLINE: Hotline(1, HOTLINE, 1, None, None, 1)}
        self.groups = {1: group}
        self.trunks = {"127.0.0.10": TrunkAddress(1, "customers")}
        self.gateways = {1: Gateway(1, "carrier", "127.0.0.20", 5060, "udp", "national", None, "p_asserted", True)}
        self.reads = 0

    def look(self) -> None:
        """Nothing is kept here."""

    def trunk_address(self, ip: str) -> TrunkAddress | None:
        """The trunk of an address."""
        self.reads += 1
        return self.trunks.get(ip)

    def hotline(self, number: str) -> Hotline | None:
        """The hotline of a number."""
        self.reads += 1
        return self.hotlines.get(number)

    def group(self, group_id: int) -> Group | None:
        """The group with an id."""
        self.reads += 1
        return self.groups.get(group_id)

    def tenant(self, tenant_id: int) -> Tenant | None:
        """The one tenant."""
        return Tenant(tenant_id, "vContact", True, 1)

    def plan(self, plan_id: int) -> Plan | None:
        """The one plan."""
        return Plan(plan_id, "standard", None)

    def gateway(self, gateway_id: int) -> Gateway | None:
        """The gateway of an id."""
        return self.gateways.get(gateway_id)


class ListSink:
    """Events, in a list. `fails`: raise instead, once that many are in."""

    def __init__(self) -> None:
        self.events: list[Event] = []

    def put(self, event: Event) -> None:
        """Keep an event."""
        self.events.append(event)

    def kinds(self) -> list[str]:
        """Return the kinds of what happened, in order."""
        return [type(event).__name__.lower() for event in self.events]


class World:
    """A router with its table and its sink, on a fake Kamailio."""

    TRUNK: ClassVar[Address] = ("127.0.0.10", 5060)
    GATEWAY: ClassVar[Address] = ("127.0.0.20", 5060)
    STRANGER: ClassVar[Address] = ("127.0.0.66", 5060)

    def __init__(self, now: float = 1_700_000_000.0) -> None:
        self.table = MemoryTable()
        self.sink = ListSink()
        keyring = Keyring.parse(KEY, HOST)
        self.kam = FakeKamailio(listen=("127.0.0.1", 5060))
        self.kam.disable_6xx = bool(re.search(r'"disable_6xx_block", 1', _CONFIG.read_text()))
        calls = Calls(self.table, keyring, HOST, lambda: now, monotonic=lambda: self.uptime)
        dialogs = Dialogs(self.table, keyring, HOST, 86400.0, lambda: now)
        self.uptime = 0.0  # seconds since the start of the edge
        self.kam.handler = Router(calls, dialogs, self.table, self.sink, keyring, HOST, lambda: self.uptime)
        self.uptime = 60.0

    def packets(self) -> list[Packet]:
        """Return everything that was on the wire, in order."""
        return [Packet(float(at), src, dst, raw) for at, (src, dst, raw) in enumerate(self.kam.traffic, 1)]

    def leaks(self) -> list[Finding]:
        """Return what one side has learnt of the other."""
        public = frozenset({"127.0.0.1", HOST, "02727777787", HOTLINE})
        return find_leaks(self.packets(), Sides(public=public, members=frozenset(MEMBERS)))

    def invite(
        self, dialled: str = "02727777787", call_id: str = "c1@10.9.9.9", more: str = "", body: str = SDP
    ) -> bytes:
        """Return the customer's INVITE, with all that a real one tells of him; `more` are header lines with CRLF."""
        lines = [
            f"INVITE sip:{dialled}@{HOST} SIP/2.0",
            f"Via: SIP/2.0/UDP 127.0.0.10:5060;branch=z9hG4bK{branch_of(call_id)};rport",
            "Via: SIP/2.0/UDP 10.9.9.9:5070;branch=z9hG4bKdeep",
            "Max-Forwards: 70",
            f'From: "Nguyen Van A" <sip:{CALLER}@10.9.9.9>;tag=fromtag',
            f"To: <sip:{dialled}@{HOST}>",
            f"Call-ID: {call_id}",
            "CSeq: 1 INVITE",
            f"Contact: <sip:{CALLER}@127.0.0.10:5060>",
            f"P-Asserted-Identity: <sip:{CALLER}@10.9.9.9>",
            "User-Agent: AlicePhone/1.0",
            "Content-Type: application/sdp",
        ]
        head = "\r\n".join(lines) + "\r\n" + more
        return f"{head}Content-Length: {len(body)}\r\n\r\n{body}".encode()
