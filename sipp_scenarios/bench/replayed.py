"""`python -m sipp_scenarios.bench.replayed STEP CALLS [bare]`: one five-way call, played again and again, for valgrind.

The call is played once on the Kamailio made of Python, and what KSR said is written down. Then the callbacks run again
with a KSR that only reads that out, so that nothing is counted but ours; `bare`: the very same KSR calls without us,
what is to be subtracted. `STEP`: left out, see `without`.
"""

import operator
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, NamedTuple

import msgspec

from kemi.call import Calls
from kemi.dialog import Dialogs
from kemi.spool.sink import SpoolSink
from kemi.table.keys import address_key, hotline_key, id_key
from kemi.table.store import TableReader, TableWriter
from kemi.tokens import Keyring
from tests.fakes import ksr
from tests.fakes.machine import Machine
from tests.fakes.parties import Caller
from tests.fakes.state import Context
from tests.fakes.world import HOST, KEY, MemoryTable, World

from kemi.ksr.router import Router  # isort: skip
from sipp_scenarios.bench.without import STEPS  # isort: skip

_FIVE: Final = ("+84844441909", "+84844441910", "+84987654321", "+842838123456", "+84987654322")
_USUAL: Final = (
    "Allow: INVITE, ACK, BYE, CANCEL, OPTIONS, UPDATE\r\nSupported: timer, replaces\r\nSession-Expires: 1800\r\n"
)
_NOW: Final = 1_700_000_000.0


class Said(NamedTuple):
    """A call into KSR, and what came back."""

    name: str
    args: tuple[Any, ...]
    result: Any


class Ran(NamedTuple):
    """A callback, and what KSR was asked in it, in order."""

    callback: str
    said: list[Said]


class Tape(Machine):
    """A KSR that reads out what was said."""

    def __init__(self, ran: list[Ran]) -> None:
        super().__init__(None, ("127.0.0.1", 5060), 30)
        self.results = [one.result for each in ran for one in each.said]
        self.at = 0

    def dispatch(self, name: str, args: tuple[Any, ...]) -> Any:
        """Return the next result."""
        del name, args
        result = self.results[self.at]
        self.at += 1
        return result


def router(table: MemoryTable, folder: Path) -> Router:
    """Return the edge's router on a table and a spool on disk."""
    with TableWriter(folder / "table") as writer:
        encode = msgspec.msgpack.encode
        writer.apply({hotline_key(number): encode(one) for number, one in table.hotlines.items()})
        writer.apply({id_key("G", one.id): encode(one) for one in table.groups.values()})
        writer.apply({id_key("g", one.id): encode(one) for one in table.gateways.values()})
        writer.apply({address_key(ip): encode(one) for ip, one in table.trunks.items()})
        writer.apply({id_key("t", 1): encode(table.tenant(1)), id_key("p", 1): encode(table.plan(1))})
        writer.finish()
    reader, keys = TableReader(folder / "table"), Keyring.parse(KEY, HOST)
    (folder / "spool").mkdir()
    sink = SpoolSink(folder / "spool", "bench", "bench-1")
    calls, dialogs = Calls(reader, keys, HOST, lambda: _NOW), Dialogs(reader, keys, HOST, 86400.0, lambda: _NOW)
    return Router(calls, dialogs, reader, sink, keys, HOST, lambda: 60.0)


def recorded(made: Router, world: World) -> list[Ran]:
    """Play an answered five-way call, ACK and BYE, and return what was asked and said."""
    kam, ran, stack = world.kam, list[Ran](), list[Ran]()  # on_branch runs while t_relay does
    dispatch, run = kam.dispatch, kam.run

    def listening(name: str, args: tuple[Any, ...]) -> Any:
        said, place = stack[-1].said, len(stack[-1].said)
        said.append(Said(name, args, None))
        said[place] = Said(name, args, dispatch(name, args))
        return said[place].result

    def marking(callback: str, context: Context) -> Context:
        stack.append(Ran(callback, []))
        ran.append(stack[-1])
        context = run(callback, context)
        stack.pop()
        return context

    kam.handler, kam.dispatch, kam.run = made, listening, marking  # type: ignore[method-assign]
    caller = Caller(world)
    legs = caller.calls(more=_USUAL)
    for leg in legs:
        leg.replies(100)
    for leg in legs:
        leg.replies(180)
    legs[0].answers()
    for leg in legs[1:]:
        leg.replies(200, to=leg.got("CANCEL")[0])
        leg.replies(487)
    caller.sends("ACK", 1)
    bye = caller.sends("BYE")
    legs[0].replies(200, to=bye[-1])
    return ran


def ours(made: Router, ran: list[Ran]) -> Callable[[], None]:
    """Return what plays the call once more with us in it."""
    tape, callbacks = Tape(ran), [getattr(made, each.callback) for each in ran]
    ksr.use(tape)

    def again() -> None:
        tape.at = 0
        for callback in callbacks:
            if callback(None) != 1:
                raise RuntimeError(f"{callback.__name__} failed on what it had been told before")
        if tape.at != len(tape.results):
            raise RuntimeError("another call than the recorded one")

    return again


def kamailio(ran: list[Ran]) -> Callable[[], None]:
    """Return what asks KSR the same without us."""
    tape = Tape(ran)
    asked = [(operator.attrgetter(one.name)(ksr.KSR), one.args) for each in ran for one in each.said]
    ksr.use(tape)

    def again() -> None:
        tape.at = 0
        for function, args in asked:
            function(*args)

    return again


def main(step: str, count: int, *, bare: bool) -> None:
    """Play it `count` times."""
    STEPS[step]()
    world = World()
    group = world.table.groups[1]
    members = tuple(msgspec.structs.replace(group.members[0], id=i, number=one) for i, one in enumerate(_FIVE, 1))
    world.table.groups[1] = msgspec.structs.replace(group, members=members)
    with tempfile.TemporaryDirectory(prefix="replayed-") as folder:
        made = router(world.table, Path(folder))
        ran = recorded(made, world)
        again = kamailio(ran) if bare else ours(made, ran)
        for _ in range(count):
            again()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), bare="bare" in sys.argv[3:])
