"""What the tests of the core begin with: records, messages as they were read, keys, tokens; each with its changes."""

from typing import Any, Final

import msgspec
from hypothesis import strategies as st

from kemi import tokens
from kemi.domain.addresses import Hop
from kemi.domain.model import Gateway, Group, Hotline, Member, Tenant
from kemi.exchange import Taken
from kemi.kinds import ToCaller, ToMember
from kemi.tokens import Keyring

HOST: Final = "192.0.2.1:5060"
SECRET: Final = "17" * 32
NOW: Final = 1_700_000_000.0
CALL: Final = tokens.new_call(NOW, b"chance")
TRUNK: Final = Hop("127.0.0.10", 5060)
CARRIER: Final = Hop("127.0.0.20", 5060)
STRANGER: Final = Hop("127.0.0.66", 5060)
FROM: Final = '"Nguyen Van A" <sip:0909789846@10.9.9.9>;tag=fromtag'
CONTACT: Final = "<sip:0909789846@127.0.0.10:5060>"

# What SIP headers are made of, and what breaks them.
HEADER_TEXT: Final = st.text(
    st.sampled_from('<>"\\,;:@=[]. \t\r\n\0ab1\u00e9+sip') | st.characters(codec="utf-8"), max_size=60
)
HOPS: Final = st.builds(Hop, st.ip_addresses().map(str), st.integers(1, 65535), st.sampled_from(["udp", "tcp"]))
ALPHANUMERIC: Final = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"


def keyring(text: str = "1:" + SECRET, host: str = HOST) -> Keyring:
    """The edge's keys."""
    return Keyring.parse(text, host)


def taken(**changes: Any) -> Taken:
    """The customer's INVITE, read."""
    made = Taken()
    held = {"from_": FROM, "to": "<sip:02727777787@192.0.2.1>", "call_id": "c1@10.9.9.9", "contact": CONTACT}
    for name, value in (held | changes).items():
        setattr(made, name, value)
    return made


def to_caller(**changes: Any) -> ToCaller:
    """A token that a gateway holds."""
    token = ToCaller(
        CALL, 1, 1, tokens.pack_ip(CARRIER.ip), tokens.pack_hop(TRUNK), "sip:0909789846@127.0.0.10:5060", "",
        "fromtag", "c1@10.9.9.9", "02727777787", "sip:0909789846@10.9.9.9",
    )  # fmt: skip
    return msgspec.structs.replace(token, **changes)


def to_member(**changes: Any) -> ToMember:
    """A token that a caller holds."""
    token = ToMember(
        CALL, 1, 1, tokens.pack_ip(TRUNK.ip), tokens.pack_hop(CARRIER), "AA", "sip:0844441909@127.0.0.20:5060", "",
        "02727777787", "sip:02727777787@192.0.2.1", "", b"dialog",
    )  # fmt: skip
    return msgspec.structs.replace(token, **changes)


def gateway(**changes: Any) -> Gateway:
    """The carrier."""
    return msgspec.structs.replace(
        Gateway(1, "carrier", CARRIER.ip, 5060, "udp", "national", None, "p_asserted", True), **changes
    )


def members(count: int) -> tuple[Member, ...]:
    """That many members with numbers of their own."""
    return tuple(Member(i, f"+8490978{i:04}", True) for i in range(1, count + 1))


def group(**changes: Any) -> Group:
    """A group of three."""
    made = Group(1, "Kinh doanh", "simultaneous", "+842727777787", None, 30, True, "offered", members(3), (), (1,))
    return msgspec.structs.replace(made, **changes)


def hotline(**changes: Any) -> Hotline:
    """A hotline that can ring."""
    return msgspec.structs.replace(Hotline(1, "+842727777787", 1, None, None, 1), **changes)


TENANT: Final = Tenant(1, "vContact", True, 1)


def headers(block: str) -> dict[str, str]:
    """The lines of a block of headers, by name; every line must be a header's."""
    assert block.endswith("\r\n")
    pairs = [line.partition(": ") for line in block[:-2].split("\r\n")]
    assert all(colon for _, colon, _ in pairs)
    return {name: value for name, _, value in pairs}
