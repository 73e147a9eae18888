"""Changes to made-up evidence (tests/kill/made_up.py): each plants one discrepancy."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from tests.kill.evidence import Evidence
from tests.kill.traffic import Way
from tests.sip.message import parse
from tests.sip.wire import Packet

TALKS, HANGS_UP, TWO_ANSWER, GIVES_UP, WITHHELD, ALL_REFUSE, NOBODY, NO_HOTLINE = 0, 1, 3, 4, 5, 6, 7, 8
Change = Callable[[Evidence], Evidence]


def row(index: int, **fields: Any) -> Change:
    """The ledger says something else of a call."""

    def change(run: Evidence) -> Evidence:
        return replace(run, calls=[replace(one, **fields) if n == index else one for n, one in enumerate(run.calls)])

    return change


def leg(index: int, number: int, /, **fields: Any) -> Change:
    """The ledger says something else of a leg."""

    def change(run: Evidence) -> Evidence:
        legs = run.calls[index].legs
        return row(index, legs=tuple(replace(one, **fields) if one.leg == number else one for one in legs))(run)

    return change


def told(index: int, number: int, /, **fields: Any) -> Change:
    """The ledger says something else of a notification."""

    def change(run: Evidence) -> Evidence:
        rows = run.calls[index].told
        return row(index, told=tuple(replace(one, **fields) if n == number else one for n, one in enumerate(rows)))(run)

    return change


def forgotten(index: int) -> Change:
    """The ledger does not know a call."""
    return lambda run: replace(run, calls=[one for n, one in enumerate(run.calls) if n != index])


def twice(index: int, **fields: Any) -> Change:
    """The ledger has a call a second time; `fields` say how the first row differs."""

    def change(run: Evidence) -> Evidence:
        first = replace(run.calls[index], id="twin", **fields)
        return replace(run, calls=[first, *run.calls])

    return change


def lost(way: Way, call: str, start: str) -> Change:
    """The wire never saw these messages."""

    def is_gone(one: Packet) -> bool:
        message = parse(one.raw)
        near = one.src if way.startswith("from") else one.dst
        is_way = near[0] == {"caller": "127.0.0.10", "member": "127.0.0.20"}[way.split()[1]]
        return is_way and message.call_id == call and f"{message.start} / {message.method}".startswith(start)

    def change(run: Evidence) -> Evidence:
        kept = [one for one in run.packets if not is_gone(one)]
        assert len(kept) < len(run.packets), "nothing to lose"
        return replace(run, packets=kept)

    return change


def seen(*extra: Packet) -> Change:
    """The wire saw more."""
    return lambda run: replace(run, packets=[*run.packets, *extra])


def posts(change: Callable[[list[dict[str, Any]]], Sequence[dict[str, Any]]]) -> Change:
    """The provider received something else."""
    return lambda run: replace(run, posts=change(list(run.posts)))


def post_of(number: int, **fields: Any) -> Change:
    """The provider received one SMS otherwise."""
    return posts(lambda all_: [{**one, **fields} if n == number else one for n, one in enumerate(all_)])


def run(**fields: Any) -> Change:
    """Something else was known of the whole run."""
    return lambda one: replace(one, **fields)
