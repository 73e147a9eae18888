"""Plays one scene from INVITE to BYE, and looks whether everybody was treated as RFC 3261 and the story say."""

import asyncio
from collections.abc import Callable
from typing import Final

from tests.sip.message import Message
from tests.walk.caller import Caller
from tests.walk.forgery import forge
from tests.walk.leg import Leg
from tests.walk.party import Party
from tests.walk.scene import Scene
from tests.walk.story import Act, Outcome
from tests.walk.wire import Port, tag

_RINGS: Final = 5.5  # seconds: the ring time, tm's timer for the silent
_FINAL_SECONDS: Final = 8.0  # more, on a busy machine
_HUNT_SECONDS: Final = 50.0  # more, where four members may be tried twice, one after the other
_QUIET_SECONDS: Final = 15.0  # a phone that nobody hears repeats its 200 until the edge has been up for 5 s
_NOBODY: Final = frozenset({480, 486, 503, 603})
_CODES: Final[dict[Outcome, frozenset[int]]] = {
    "answered": frozenset({200}), "answered twice": frozenset({200}), "answered as cancelled": frozenset({200, 487}),
    "cancelled unheard": frozenset({487}), "cancelled ringing": frozenset({487}), "all refuse": _NOBODY,
    "no answer": _NOBODY, "answered too late": _NOBODY, "answered unreadably": _NOBODY,
}  # fmt: skip


class Play:
    """One scene, played."""

    def __init__(
        self, scene: Scene, ports: tuple[Port, Port], is_disturbed: Callable[[Scene], bool], up_for: Callable[[], float]
    ) -> None:
        """`ports`: the trunk's and a stranger's; `is_disturbed`: whether the edge was restarted meanwhile.

        `up_for`: how long ago that was, in seconds.
        """
        self.scene, self.story = scene, scene.story
        self._port, self._stranger = ports
        self._is_disturbed, self._up_for = is_disturbed, up_for

    async def play(self) -> None:
        """Play to the end; problems are in the scene."""
        scene = self.scene
        if self.story.raw:
            self._port.send(self.story.raw, scene.wire.edge)
            await asyncio.sleep(0.2)  # nothing shall come of it
            return
        port = self._stranger if self.story.invite.by_stranger else self._port
        caller = Caller(scene, port, -1, self.story.invite.face)
        scene.wire.by_call_id[self.story.invite.call_id] = caller
        caller.dial(self.story.invite.dialled or scene.slot.hotline)
        scene.caller = caller
        if self.story.cancel_after is not None:
            await self._cancel(caller, self.story.cancel_after)
        final = await caller.final(caller.invite, _RINGS)
        if final is None and not self._is_disturbed(scene):
            final = await caller.final(caller.invite, _HUNT_SECONDS if scene.slot.is_hunting else _FINAL_SECONDS)
        await self._after(caller, final)
        await self._calm(caller)
        for text in self._unanswered():
            scene.problem(text)

    async def _cancel(self, caller: Caller, after: float) -> None:
        """RFC 3261 §9.1: not before a provisional reply."""
        await self.scene.until(lambda: bool(caller.invite.replies), 5.0)
        await asyncio.sleep(after)
        if caller.invite.final is None:
            await caller.cancel(self.story.cancel)

    async def _after(self, caller: Caller, final: Message | None) -> None:
        scene = self.scene
        if final is None:
            if not self._is_disturbed(scene):
                scene.problem("the caller got no final reply")
            await caller.cancel(self.story.cancel)  # an edge that has forgotten the call says so: 481
            return
        scene.codes = tuple(reply.status for reply in caller.finals)
        allowed = frozenset(self.story.refused) or _CODES[self.story.outcome]
        if final.status not in allowed and not self._is_disturbed(scene):
            scene.problem(f"the caller got {final.status} {self.story.why}, not one of {sorted(allowed)}")
        if final.status < 300:
            await self._talk(caller)

    async def _talk(self, caller: Caller) -> None:
        leg = next((leg for leg in self.scene.legs if tag(leg.local) == tag(caller.remote)), None)
        if leg is None or self.story.bye is None:
            self.scene.problem("the caller talks to nobody")
            return
        for act in self.story.acts:
            await self._act(act, caller, leg)
        await self._act(self.story.bye, caller, leg)

    async def _act(self, act: Act, caller: Caller, leg: Leg) -> None:
        me, far = (caller, leg) if act.by == "caller" else (leg, caller)
        if act.forgery:
            await forge(self.scene, act, me, far, self._stranger)
            return
        far.next_reply, had = act.reply, len(far.got)
        reply = await me.ask(act.method, act.load, copies=act.copies)
        wanted = act.refused or (200 if act.method == "BYE" else act.reply.code)
        if self._is_disturbed(self.scene):  # what was under way is lost with the edge, and 481 after it was hung up
            wanted = reply.status if reply else wanted
            if reply is None and act.method == "INVITE":
                return
        if reply is None or reply.status != wanted:
            got = reply.start if reply else "no final reply"
            self.scene.problem(f"{act.name} by the {act.by} got {got}, not {wanted}")
        elif act.refused and len(far.got) != had:
            self.scene.problem(f"{act.name} by the {act.by} got through")

    async def _calm(self, caller: Caller) -> None:
        """Wait until no telephone rings, and none talks to nobody; what never comes to that is a problem."""
        while not await self.scene.until(lambda: not self._restless() and not self._unanswered(), _QUIET_SECONDS):
            if self._up_for() > _QUIET_SECONDS:  # each restart begins these 5 s anew
                break
        for text in self._restless():
            self.scene.problem(text)
        finals = caller.finals
        is_answered = bool(finals) and all(one.status < 300 for one in finals)
        answers = sum(leg.invite is not None and 200 <= leg.invite.code < 300 for leg in self.scene.legs)
        if len(finals) > (answers if is_answered else 1):
            self.scene.problem(f"the caller got {[one.status for one in finals]}")

    def _restless(self) -> list[str]:
        texts = []
        for leg in self.scene.legs:
            code = leg.invite.code if leg.invite else 0
            if code < 200 and not leg.told.is_silent and not self._is_disturbed(self.scene):
                texts.append(f"leg {leg.ear} was left ringing")
            # A new start of the edge knows nothing of a refusal's INVITE; an answer it hangs up.
            must_ack = 200 <= code < 300 or (code >= 300 and not self._is_disturbed(self.scene))
            if must_ack and leg.invite and not leg.invite.acked.is_set():
                texts.append(f"leg {leg.ear} got no ACK to its {code}")
            if 200 <= code < 300 and not _is_hung_up(leg):
                texts.append(f"leg {leg.ear} was left talking to nobody")
        return texts

    def _unanswered(self) -> list[str]:
        """Return the requests that have no final reply; the INVITE that makes the call is looked at apart."""
        if self._is_disturbed(self.scene):
            return []
        caller = self.scene.caller
        parties: list[Party] = [*self.scene.legs, *([caller] if caller else [])]
        first = caller.invite if caller else None
        asked = [(party, one) for party in parties for one in party.asked if one is not first]
        return [f"{one.method} of {party.ear} got no final reply" for party, one in asked if one.final is None]


def _is_hung_up(leg: Leg) -> bool:
    return any(request.method == "BYE" for request in leg.got) or any(one.method == "BYE" for one in leg.asked)
