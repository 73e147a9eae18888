"""The walk: stories one after the other on every slot, all slots at once, on an event loop in a thread of its own."""

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from typing import Final

from tests.edge import CUSTOMER_HOST, STRANGER_HOST
from tests.walk.generator import story
from tests.walk.play import Play
from tests.walk.room import Room, Slot
from tests.walk.scene import Scene
from tests.walk.wire import Port, Wire, tail

_MARGIN: Final = 1.0  # seconds before a restart in which what was sent may have been lost with it


class Walk:
    """Plays `calls` stories of `seed` in `room`; `done` hears of each scene, in the walk's thread."""

    def __init__(self, room: Room, seed: int, calls: int, done: Callable[[Scene], None]) -> None:
        self._room, self.seed, self._done = room, seed, done
        self._numbers: Iterator[int] = iter(range(calls))
        self.wire = Wire(room.edge.address)
        self.scenes: list[Scene] = []
        self.restarts: list[tuple[float, float]] = []
        self.addresses: list[tuple[str, int]] = []
        self.error: BaseException | None = None
        self.is_ready = threading.Event()
        self._is_stopped = False
        self.thread = threading.Thread(target=self._run, name="walk")

    def close(self) -> None:
        """Let no further call begin, and wait for those in play."""
        self._is_stopped = True
        self.thread.join()

    def restart(self) -> None:
        """Restart Kamailio, whatever is going on."""
        began = time.monotonic() - _MARGIN
        self.restarts.append((began, float("inf")))
        self._room.edge.stack.restart("kamailio")
        self.restarts[-1] = (began, time.monotonic())

    def is_disturbed(self, scene: Scene) -> bool:
        """Say whether a restart fell into the scene."""
        end = scene.ended or time.monotonic()
        return any(began <= end and scene.began <= over for began, over in self.restarts)

    def up_for(self) -> float:
        """Return for how many seconds the edge has been up since its last restart; 0 while it is under way."""
        return max(0.0, time.monotonic() - self.restarts[-1][1]) if self.restarts else float("inf")

    def is_lively(self) -> bool:
        """Say whether somebody's telephone rings and somebody talks right now."""
        now = [scene.caller for scene in self.scenes[-4 * self._room.slots :] if not scene.ended and scene.caller]
        finals = [caller.invite.final for caller in now]
        return None in finals and any(final is not None and final.status < 300 for final in finals)

    def _run(self) -> None:
        try:
            asyncio.run(self._main())
        except BaseException as error:
            self.error = error
        finally:
            self.is_ready.set()

    async def _main(self) -> None:
        trunk, stranger = await self.wire.port(CUSTOMER_HOST), await self.wire.port(STRANGER_HOST)
        gateways = {host: await self.wire.port(host, port) for host, port in self._room.ports.items()}
        ports = [trunk, stranger, *gateways.values()]
        self.addresses = [port.address for port in ports]
        self.is_ready.set()
        try:
            slots = range(self._room.slots)
            await asyncio.gather(*(self._stage(slot, gateways, (trunk, stranger)) for slot in slots))
        finally:
            for port in ports:
                port.close()

    async def _stage(self, number: int, gateways: dict[str, Port], ports: tuple[Port, Port]) -> None:
        slot = Slot(number, gateways)
        for each in self._numbers:
            if self._is_stopped:
                return
            scene = Scene(story(self.seed, each), slot, self.wire)
            self.wire.by_number |= dict.fromkeys(map(tail, slot.members), scene)
            self.scenes.append(scene)
            try:
                await Play(scene, ports, self.is_disturbed, self.up_for).play()
            except Exception as error:
                scene.problem(f"the walk itself: {error!r}")
            scene.close()
            self._done(scene)
