"""One whole walk: the edge started, the calls played and audited, Kamailio restarted now and then, the ledger asked."""

import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from tests.logs import Logs, faults, numbers_of
from tests.walk import ledger
from tests.walk.audit import Auditors
from tests.walk.canaries import numbers_in, told_in
from tests.walk.room import Room, walk_room
from tests.walk.scene import Scene
from tests.walk.strays import Strays
from tests.walk.walk import Walk

_LOOK: Final = 0.2  # seconds between two looks at how far the walk is
# Kamailio may say of anything that it cannot read it; rtpengine, where audio answers a fax, that it makes none of it.
_MEANT: Final = {"kamailio": ("",), "rtpengine": ("T.38 gateway",)}


@dataclass
class Told:
    """What came of a walk."""

    scenes: list[Scene]
    seconds: float
    restarts: int
    findings: list[str] = field(default_factory=list)


def walk(
    var_dir: Path, calls: int, seed: int, *, slots: int = 30, restarts: int = 0, every: int = 1,
    entry: Path | None = None,
    look: Callable[[int, int], None] = lambda _played, _audited: None,
) -> Told:  # fmt: skip
    """Play `calls` stories of `seed`; every `every`th is audited deeply; `look` hears how far it is."""
    with walk_room(var_dir, min(slots, calls), entry) as room:
        logs = Logs(room.edge)
        auditors = Auditors(seed, calls, room.edge.address, every)
        try:
            played = Walk(room, seed, calls, auditors.take)
            began = time.monotonic()
            strays = _play(room, played, calls, restarts, lambda: look(len(auditors.waiting), auditors.done))
            while auditors.done < len(auditors.waiting):
                time.sleep(_LOOK)
                look(len(auditors.waiting), auditors.done)
            for scene in played.scenes:
                if scene.late:
                    auditors.take(scene)
            findings = [*(text for scene in played.scenes for text in scene.problems), *auditors.findings(), *strays]
        finally:
            auditors.close()
        findings += ledger.check(room.edge, played.scenes, played.is_disturbed)
        for part, text in logs.said().items():
            findings += [
                f"the log of {part}: {each}" for each in faults(part, text, numbers_of(()), _MEANT.get(part, ()))
            ]
            lines = text.splitlines()
            findings += [f"a number in the log of {part}: {one}" for one in numbers_in(lines, seed, calls, room.slots)]
        return Told(played.scenes, time.monotonic() - began, len(played.restarts), findings)


def _play(room: Room, played: Walk, calls: int, restarts: int, look: Callable[[], None]) -> list[str]:
    """Play to the end, with restarts at even distances; return what went to nobody's address, or was nobody's."""
    due = [calls * (each + 1) // (restarts + 1) for each in range(restarts)]
    played.thread.start()
    played.is_ready.wait()
    with closing(played), Strays(room.edge.address, played.addresses) as strays:
        while played.thread.is_alive():
            played.thread.join(_LOOK)
            look()
            if due and len(played.scenes) >= due[0] and played.is_lively():
                due.pop(0)
                played.restart()
    if played.error is not None:
        raise played.error
    found = [f"to nobody's address: {packet}" for packet in strays.found()]
    seed = played.seed
    found += [f"a clock: {text}" for one in strays.clocks() for text in told_in(one.raw, seed, calls, room.slots)]
    found += [f"nobody's: {packet}\n{packet.raw.decode('latin-1')}" for packet in played.wire.orphans]
    return found + [f"the walk itself: {error!r}" for error in played.wire.errors]
