"""Who is measured: the edge and its peers, all up at once, each loaded in turn."""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from deploy.wait import until
from sipp_scenarios.bench import asterisk, figures, measure, peer, stage
from sipp_scenarios.bench.asterisk import NoAsterisk
from sipp_scenarios.bench.load import Load
from sipp_scenarios.bench.program import EDGE, Program
from sipp_scenarios.bench.sockets import emptied, listening
from tests.edge import GATEWAY_HOST, Edge

_IDLE_SECONDS: Final = 5.0
_WARM_UP: Final = 100  # calls that are not counted
_MEMBERS: Final = 5  # of the load that programs are warmed up with, and fail under
_CALM: Final = 0.03  # CPU seconds in half a one: whoever uses less has nothing to do
_SILENCE: Final = 6.5  # seconds, more than the ring time
_PATIENCE: Final = 45.0  # seconds: a telephone repeats its 200 for 32 s

PEERS: Final = ("native", "masking", "asterisk")
CANNOT: Final = {**peer.CANNOT, asterisk.NAME: asterisk.CANNOT}
Idle = dict[str, dict[str, float]]


@dataclass
class Cast:
    """The edge, its peers, and why a peer is missing. `idle`: what each part uses in a second anyway."""

    folder: Path
    edge: Edge
    say: Callable[[str], None]
    peers: list[Program] = field(default_factory=list)
    missing: dict[str, str] = field(default_factory=dict)
    idle: Idle = field(default_factory=dict)
    _ours: Program | None = None

    @property
    def ours(self) -> Program:
        """The edge while nobody reads its spool."""
        if self._ours is None:
            self._ours = stage.alone(self.edge)
            self.ready([self._ours])
        return self._ours

    def whole(self) -> Program:
        """The edge with all its parts."""
        if self._ours is not None:
            for part in ("ledger", "sender"):
                self.edge.stack.restart(part)
            self._ours = None
        program = stage.whole(self.edge)
        self.ready([program])
        return program

    def everybody(self) -> list[Program]:
        """The edge alone, then the peers."""
        return [self.ours, *self.peers]

    def note(self) -> str:
        """Return what the peers' figures leave out, for below a table."""
        said = "; ".join(f"{each.name}: {CANNOT[each.name]}" for each in self.peers)
        return f"What each peer cannot, or leaves out: {said}." if said else ""

    def ready(self, programs: list[Program]) -> None:
        """Warm them up and learn what they use while idle."""
        for each in programs:
            self.say(f"warming up {each.name}")
            if not figures.held(measure.window(each, Load(_MEMBERS, "answered", 50, _WARM_UP))):
                calm(each)
        self.say("all are idle")
        self.idle |= measure.idle(programs, _IDLE_SECONDS)


def calm(program: Program) -> bool:
    """Wait until a program has done with what was left of its calls: no work, and nothing sent to the members.

    Legs that ring for nobody any more are silent until their ring time ends: their CANCELs would be calls to the SIPp
    of the next window, which then ends before its own have come.
    """
    before, since = program.cpu()[EDGE], time.monotonic()
    with ExitStack() as open_:
        members = [open_.enter_context(listening((GATEWAY_HOST, port))) for port in program.ports(_MEMBERS)]

        def is_calm() -> bool:
            nonlocal before, since
            now = program.cpu()[EDGE]
            used, before = now - before, now
            if sum(map(emptied, members)) or used >= _CALM:
                since = time.monotonic()
            return time.monotonic() - since > _SILENCE

        return until(is_calm, _PATIENCE, every=0.5)


@contextmanager
def called(say: Callable[[str], None], peers: frozenset[str]) -> Iterator[Cast]:
    """Give the cast with the peers that are wanted, of `PEERS`."""
    with ExitStack() as open_:
        folder = Path(open_.enter_context(TemporaryDirectory(prefix="bench-")))
        say("starting the edge")
        cast = Cast(folder, open_.enter_context(stage.running_ours(folder)), say)
        scripts = (("native", peer.PLAIN), ("masking", peer.MASKED))
        cast.peers += [open_.enter_context(peer.running(folder, name)) for key, name in scripts if key in peers]
        if "asterisk" in peers:
            try:
                cast.peers.append(open_.enter_context(asterisk.running(say)))
            except NoAsterisk as why:
                cast.missing[asterisk.NAME] = str(why)
        if cast.peers:
            cast.ready(cast.peers)
        yield cast
