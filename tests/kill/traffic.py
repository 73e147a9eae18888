"""The wire of a run, put in order: who said what to whom, in which call."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Literal, NamedTuple

from tests.kill.stories import Story
from tests.leaks import Sides
from tests.sip.message import Message, parse, user_of
from tests.sip.wire import Packet

Way = Literal["from caller", "to caller", "from member", "to member"]


class Said(NamedTuple):
    """One message and when it passed."""

    at: float
    way: Way
    message: Message


class Traffic:
    """All messages of a run, by Call-ID; repetitions included."""

    def __init__(self, packets: Iterable[Packet], sides: Sides) -> None:
        self._of: dict[str, list[Said]] = defaultdict(list)
        for packet in sorted(packets, key=lambda one: one.at):
            way = _way(packet, sides)
            if way is not None:
                message = parse(packet.raw)
                self._of[message.call_id].append(Said(packet.at, way, message))

    def said(self, call_id: str, way: Way, method: str, codes: range | None = None) -> list[Said]:
        """Return the requests with this method of a call, or the replies to it whose code is among `codes`."""
        of_method = [one for one in self._of.get(call_id, ()) if one.way == way and one.message.method == method]
        return [one for one in of_method if (one.message.status in codes if codes else not one.message.status)]

    def invites(self, way: Way) -> Iterator[Said]:
        """The INVITEs that begin a call or a leg, repetitions included."""
        for said in self._of.values():
            for one in said:
                is_invite = one.message.method == "INVITE" and not one.message.status
                if one.way == way and is_invite and not one.message.to_tag:
                    yield one

    def call_ids(self, story: Story) -> set[str]:
        """Return the Call-IDs of the calls to the story's hotline: one, as every story has its own."""
        dialled = self.invites("from caller")
        return {one.message.call_id for one in dialled if user_of(one.message.uri) == story.hotline}


def _way(packet: Packet, sides: Sides) -> Way | None:
    if packet.src[0] in sides.callers:
        return "from caller"
    if packet.dst[0] in sides.callers:
        return "to caller"
    if packet.src[0] in sides.gateways:
        return "from member"
    return "to member" if packet.dst[0] in sides.gateways else None
