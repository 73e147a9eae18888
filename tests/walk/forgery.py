"""Requests with a copied or spoilt token: the edge must answer each itself, and nobody may receive one."""

import asyncio
import itertools
from dataclasses import replace
from typing import Final

from tests.sip.message import Message, user_of
from tests.sip.wire import Packet
from tests.walk.party import T1, Party
from tests.walk.pieces import But
from tests.walk.scene import Scene
from tests.walk.story import Act
from tests.walk.wire import FORGED_CSEQ, Port, tag, without_tag

_TURNED_AWAY: Final = frozenset({403, 404, 481})
_numbers = itertools.count(FORGED_CSEQ)


class Probe:
    """Waits for the answer to a forgery. Its packets are not the call's: the forger knows what he has copied."""

    def __init__(self) -> None:
        self.codes: list[int] = []
        self._came = asyncio.Event()

    def on_message(self, message: Message, packet: Packet) -> None:
        """Take the answer in."""
        del packet
        self.codes.append(message.status)
        if message.status >= 200:
            self._came.set()

    async def answer(self, port: Port, raw: bytes, scene: Scene) -> int:
        """Send `raw` until it is answered; 0 where it never is."""
        for attempt in range(6):
            port.send(raw, scene.wire.edge)
            try:
                async with asyncio.timeout(T1 * 2**attempt / 2):
                    await self._came.wait()
                return self.codes[-1]
            except TimeoutError:
                continue
        return 0


async def forge(scene: Scene, act: Act, me: Party, far: Party, stranger: Port) -> None:
    """Send the forgery that `act` asks for; a problem if it is not turned away."""
    but, port = But(), me.port
    user = user_of(me.target)
    if act.forgery == "a stranger's":
        port = stranger
    elif act.forgery == "another Call-ID":
        but = But(call_id="another@dialog")
    elif act.forgery == "another tag":
        # The member's own tag is not known when the token is made for him; the caller's telephone looks at it.
        if act.by == "caller":
            but = But(from_=me.local.replace(tag(me.local), "another"))
        else:
            but = But(to=me.remote.replace(tag(me.remote), "another"))
    elif act.forgery == "tampered":
        at = len(user) // 2
        but = But(me.target.replace(user, user[:at] + ("B" if user[at] != "B" else "C") + user[at + 1 :]))
    elif act.forgery == "cut short":
        but = But(me.target.replace(user, user[:-6]))
    elif act.forgery == "without a To tag":
        but = But(to=without_tag(me.remote))
    else:
        port = far.port
    branch, raw = me.request(act.method, act.load, replace(but, cseq=next(_numbers), port=port))
    probe = Probe()
    scene.wire.by_branch[branch] = probe
    code = await probe.answer(port, raw, scene)
    if code not in _TURNED_AWAY:
        scene.problem(f"a forgery, {act.forgery}, by the {act.by}, got {code or 'no answer'}: {act.method}")
