"""An exchange of messages between the edge and its parties, made up: what the rules say of it."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from sipp_scenarios.rules import broken
from tests.sip.message import Address, Header, Message, build, parse
from tests.sip.wire import Packet

EDGE: Final = ("127.0.0.1", 5060)
CALLER: Final = ("127.0.0.10", 5061)
GATEWAY: Final = ("127.0.0.20", 5062)
BOB: Final = ("Contact", "<sip:bob@127.0.0.20>")
ALICE: Final = ("Contact", "<sip:alice@127.0.0.10>")
SELF: Final = ("Contact", "<sip:edge>")


@dataclass
class Wire:
    """What passes, and what is wrong with what the edge sent of it."""

    packets: list[Packet] = field(default_factory=list)

    def gets(self, party: Address, message: Message) -> Message:
        """The edge sends this to a party."""
        self.packets.append(Packet(len(self.packets), EDGE, party, message.raw))
        return message

    def says(self, party: Address, message: Message) -> Message:
        """A party sends this to the edge."""
        self.packets.append(Packet(len(self.packets), party, EDGE, message.raw))
        return message

    def told(self) -> list[str]:
        """What the rules say."""
        return broken(self.packets, EDGE[0], [CALLER[0], GATEWAY[0]])


def request(
    method: str, number: int, branch: str, *, to_tag: str = "", from_tag: str = "a", uri: str = "sip:bob@127.0.0.20",
    call_id: str = "leg", hops: str = "69", more: Iterable[Header] = (),
) -> Message:  # fmt: skip
    """A request of the edge's; or, with other tags, a party's."""
    headers = [("Via", f"SIP/2.0/UDP e;branch={branch}"), ("Max-Forwards", hops), ("From", f"<sip:h@h>;tag={from_tag}")]
    headers += [("To", "<sip:h@h>" + (f";tag={to_tag}" if to_tag else "")), ("Call-ID", call_id)]
    return build(f"{method} {uri} SIP/2.0", [*headers, ("CSeq", f"{number} {method}"), *more])


def changed(message: Message, was: str, now: str) -> Message:
    """The message with some words in place of others."""
    assert was.encode() in message.raw
    return parse(message.raw.replace(was.encode(), now.encode(), 1))
