"""Several runs under one packet capture: starting and reading one takes longer than what it captures here."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import replace

from tests.capture import Capture
from tests.kill.evidence import Evidence
from tests.kill.room import KillRoom
from tests.kill.run import play
from tests.kill.stories import Plan
from tests.sip.message import parse
from tests.sip.wire import Packet


def play_round(
    room: KillRoom, plans: Sequence[Plan], done: Callable[[Evidence], None] = lambda _: None
) -> list[Evidence]:
    """Play `plans` one after the other; `done` hears of each. Return what is known of them, packets included."""
    runs = []
    with Capture(room.address[1]) as capture:
        for plan in plans:
            runs.append(play(room, plan))
            done(runs[-1])
    allotted = allot(capture.packets, [run.began for run in runs])
    return [replace(run, packets=packets) for run, packets in zip(runs, allotted, strict=True)]


def allot(packets: Sequence[Packet], begins: Sequence[float]) -> list[list[Packet]]:
    """Give each packet to the run its Call-ID was first seen in: a repetition may come when the next has begun."""
    run_of: dict[str, int] = {}
    runs: dict[int, list[Packet]] = defaultdict(list)
    for packet in sorted(packets, key=lambda one: one.at):
        now = max((index for index, began in enumerate(begins) if began <= packet.at), default=0)
        runs[run_of.setdefault(parse(packet.raw).call_id, now)].append(packet)
    return [runs[index] for index in range(len(begins))]
