"""One call being played: its parties, every packet of it by who heard it, and what went wrong."""

import asyncio
import secrets
import time
from collections.abc import Callable, Coroutine
from typing import Any, Final

from tests.sip.message import Message, user_of
from tests.sip.wire import Packet
from tests.walk.caller import Caller
from tests.walk.leg import Leg
from tests.walk.party import Party
from tests.walk.room import Slot
from tests.walk.story import Story
from tests.walk.wire import FORGED_CSEQ, Wire, tail

CALLER: Final = -1


class Scene:
    """A story on the stage of a slot: its hotline, its members, its gateway."""

    def __init__(self, story: Story, slot: Slot, wire: Wire) -> None:
        self.story, self.slot, self.wire = story, slot, wire
        self.began, self.ended = time.monotonic(), 0.0
        self.packets: list[Packet] = []
        self.ears: list[int] = []
        self.problems: list[str] = []
        self.requests = 0
        self.legs: list[Leg] = []  # a member may be rung again, through another gateway
        self.codes: tuple[int, ...] = ()
        self.caller: Caller | None = None
        self.late = 0  # packets that came when the call was over
        self._changed = asyncio.Event()
        self._tasks: set[asyncio.Task[Any]] = set()

    def sent(self, packet: Packet, ear: int) -> None:
        """Remember a packet that party `ear` sent or received."""
        self.packets.append(packet)
        self.ears.append(ear)
        self.late += bool(self.ended)
        self._changed.set()

    async def until(self, fact: Callable[[], bool], seconds: float) -> bool:
        """Wait until `fact` holds; it is looked at whenever a packet passes. Say whether it came to hold."""
        try:
            async with asyncio.timeout(seconds):
                while not fact():
                    self._changed.clear()
                    await self._changed.wait()
        except TimeoutError:
            return fact()
        return True

    def problem(self, text: str) -> None:
        """Remember that something is not as it must be."""
        self.problems.append(f"call {self.story.number} ({self.story.outcome}): {text}")

    def spawn(self, work: Coroutine[Any, Any, Any]) -> None:
        """Run something beside; an error in it is a problem."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._is_done)

    def _is_done(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            self.problem(f"the walk itself: {task.exception()!r}")

    def close(self) -> None:
        """End what still runs."""
        for task in self._tasks:
            task.cancel()
        self.ended = time.monotonic()

    def new_tag(self, ear: int) -> str:
        """Return the tag of a member's leg; it is the caller's to know."""
        return f"m{ear}{secrets.token_hex(6)}"

    def on_message(self, message: Message, packet: Packet) -> None:
        """An INVITE for one of the slot's members."""
        numbers = [tail(number) for number in self.slot.members]
        ear = numbers.index(tail(user_of(message.uri)))
        gateway = packet.dst[0]
        before = [leg for leg in self.legs if leg.ear == ear]
        is_new = all(leg.may_be_tried_again and leg.port.address[0] != gateway for leg in before)
        if ear >= len(self.story.legs) or gateway not in self.slot.gateways or not is_new:
            self.sent(packet, ear)
            self.problem(f"member {ear} was rung, and must not have been")
            return
        leg = Leg(self, self.slot.ports[gateway], ear, self.story.legs[ear], message)
        self.legs.append(leg)
        self.wire.by_call_id[message.call_id] = leg
        leg.on_message(message, packet)

    def came(self, party: Party, request: Message) -> None:
        """A request inside the call has reached `party`."""
        self.requests += 1
        if int(request.cseq.split()[0]) >= FORGED_CSEQ:
            self.problem(f"a forgery got through to {party.ear}: {request.start}")
        if request.method not in {"INVITE", "BYE", "UPDATE", "PRACK", "INFO", "OPTIONS"}:
            self.problem(f"a {request.method} got through to {party.ear}")

    def check_own(self, reply: Message, request: Message) -> None:
        """The caller gets back what he sent: From, To, Call-ID, Vias."""
        for name in ("from", "call-id"):
            if " ".join(reply.get(name).split()) != " ".join(request.get(name).split()):
                self.problem(f"{name} of {reply.start!r} is {reply.get(name)!r}, not {request.get(name)!r}")
        # In a line each or in a list: the same (RFC 3261 §7.3.1).
        there, sent = (sum(line.count(",") + 1 for line in message.all("via")) for message in (reply, request))
        if there != sent:
            self.problem(f"{reply.start!r} has {there} Vias, not {sent}")
