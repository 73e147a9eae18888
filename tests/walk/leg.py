"""A member's leg: it rings, answers, refuses, is cancelled, as its part of the story says."""

import asyncio
from typing import TYPE_CHECKING

from tests.sip.message import Message
from tests.walk.party import Party
from tests.walk.pieces import Served
from tests.walk.story import LegStory, Reply
from tests.walk.wire import Port, edge_routes, tag

if TYPE_CHECKING:
    from tests.walk.scene import Scene


class Leg(Party):
    """One INVITE that came for a member."""

    def __init__(self, scene: "Scene", port: Port, ear: int, told: LegStory, invite: Message) -> None:
        super().__init__(scene, port, ear, told.face)
        self.told = told
        self.call_id, self.remote, self.target = invite.call_id, invite.get("from"), invite.target
        self.local = f"{invite.get('to')};tag={scene.new_tag(ear)}"
        self.routes = edge_routes(invite, scene.wire.edge)
        self.invite: Served | None = None
        self.is_over = False
        self.cancelled = False
        self._rseq = 0
        self._pracked = asyncio.Event()
        self._pracked.set()

    def serve(self, served: Served) -> None:
        """The INVITE that made it, its CANCEL, or what comes later."""
        method = served.request.method
        if method == "INVITE" and not tag(served.request.get("to")):
            if self.invite is not None:
                self.scene.problem(f"leg {self.ear} was rung twice")
            self.invite = served
            self.scene.spawn(self._live())
        elif method == "CANCEL":
            self._cancel(served)
        else:
            if method == "PRACK":
                self._pracked.set()
            super().serve(served)

    @property
    def may_be_tried_again(self) -> bool:
        """Whether another gateway may reach what this one did not."""
        return self.told.is_silent or (self.invite is not None and 500 <= self.invite.code < 600)

    async def _live(self) -> None:
        """Ring, then answer or refuse, each at its time."""
        if self.told.is_silent:
            return
        assert self.invite is not None
        if self.told.says_trying:
            self.reply(self.invite, Reply(100))
        began = asyncio.get_running_loop().time()
        for at, ring in self.told.rings:
            await asyncio.sleep(max(0.0, began + at - asyncio.get_running_loop().time()))
            if self.is_over:
                return
            self._ring(ring)
        if self.told.final is None:
            return
        await asyncio.sleep(max(0.0, began + self.told.final_after - asyncio.get_running_loop().time()))
        final = self.told.final if await self._is_pracked() else Reply(504)
        if not self.is_over:
            self._finish(final)

    async def _is_pracked(self) -> bool:
        """Wait for the PRACK to a reliable reply; say whether it came (RFC 3262 §3)."""
        try:
            async with asyncio.timeout(8.0):
                await self._pracked.wait()
        except TimeoutError:
            return False
        return True

    def _ring(self, ring: Reply) -> None:
        assert self.invite is not None
        extra = []
        if ring.reliable and self._pracked.is_set() and "100rel" in self.invite.request.get("require"):
            self._rseq += 1
            extra = [("RSeq", str(self._rseq)), ("Require", "100rel")]
            self._pracked.clear()
            self.scene.spawn(self._until_pracked())
        self.reply(self.invite, ring, extra)

    async def _until_pracked(self) -> None:
        assert self.invite is not None
        raw = self.invite.reply
        for wait in (0.5, 1.0, 2.0, 4.0):
            try:
                async with asyncio.timeout(wait):
                    await self._pracked.wait()
                return
            except TimeoutError:
                if self.is_over:
                    return
                self.send(raw)

    def _finish(self, final: Reply) -> None:
        assert self.invite is not None
        self.is_over = True
        self.reply(self.invite, final)

    def _cancel(self, served: Served) -> None:
        self.cancelled = True
        self.reply(served, Reply(200))
        if not (self.is_over or self.told.is_deaf or self.told.is_silent):
            self._finish(self.told.when_cancelled)
