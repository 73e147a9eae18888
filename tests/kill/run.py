"""One run: the calls are placed, the part is killed, everything comes to rest, and what is known is put together."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from deploy.wait import until
from tests.edge import CUSTOMER_HOST, GATEWAY_HOST
from tests.kill import bomb, ledger_rows, mortal
from tests.kill.evidence import Evidence
from tests.kill.faults import WATCH, WHILE_RINGING, WHILE_TALKING, WORKER, Fault
from tests.kill.parties import Callers, Telephones
from tests.kill.room import KillRoom
from tests.kill.stories import Plan
from tests.sip import Recording

_STRIKES_WITHIN: Final = 15.0  # seconds; nobody answers after 3, and the machine may be busy
_SETTLES_WITHIN: Final = 45.0
_COUNTED_WITHIN: Final = 30.0  # two looks of the watch, after Kamailio is there again, on a machine with other work


def play(room: KillRoom, plan: Plan) -> Evidence:
    """Play one run and return what is known of it but the packets; the room is whole and quiet again afterwards."""
    began, posts = time.time(), len(room.sink.messages())
    with _parties(room, plan) as callers:
        struck = _with_fault(room, plan, callers)
        callers.is_closing_time = True
        unsettled = _settle(room, callers, began)
        miscounted = _counted(room)
    return Evidence(
        plan, (), ledger_rows.calls(room, began), room.sink.messages()[posts:], room.sides, struck,
        ledger_rows.dead_letters(room), room.unread(), miscounted, unsettled, began, time.time(),
    )  # fmt: skip


@contextmanager
def _parties(room: KillRoom, plan: Plan) -> Iterator[Callers]:
    recording = Recording()
    ways = dict(member for story in plan.stories for member in story.members)
    with Telephones(GATEWAY_HOST, room.gateway_port, recording, ways) as telephones:
        telephones.deaf_to |= room.past
        with Callers(room.address, CUSTOMER_HOST, recording, telephones) as callers:
            yield callers
        room.past = {invite.call_id for invite in telephones.invites}


def _with_fault(room: KillRoom, plan: Plan, callers: Callers) -> bool:
    """Let the calls begin, and the part die and live again; say whether it died of what was planned."""
    _arm(room, plan.fault, plan.nth)
    doomed = room.stack.pid(plan.fault.part)
    callers.start(plan.stories)
    struck = _strikes(room, plan, callers, doomed)
    bomb.defuse(bomb.folder(room.var_dir))
    if struck and room.stack.pid(plan.fault.part) is not None:
        room.stack.wait_ready(plan.fault.part)
    else:
        # The supervisor would do it too, after a pause that grows with each death (deploy/process.py).
        room.stack.restart(plan.fault.part)
    return struck


def _arm(room: KillRoom, fault: Fault, nth: int) -> None:
    """Lay what the part will die of, where that can be laid beforehand."""
    if fault in WORKER:
        bomb.lay(bomb.folder(room.var_dir), fault.point, nth)
    elif fault.part not in {"kamailio", "watch"}:
        order = mortal.order_for(fault.part, room.var_dir)
        order.write_text(f"{fault.point} {nth}")
        room.stack.restart(fault.part)
        assert until(lambda: not order.exists(), _STRIKES_WITHIN), f"the {fault.part} has not read its order"


def _strikes(room: KillRoom, plan: Plan, callers: Callers, doomed: int | None) -> bool:
    """Wait until the part is dead; where nobody else kills it, kill it at its moment."""
    moments = {
        WHILE_RINGING: lambda: callers.ringing,
        WHILE_TALKING: lambda: callers.talking,
        WATCH: lambda: callers.talking,
    }
    if plan.fault in moments:
        came = until(lambda: moments[plan.fault]() >= plan.nth, _STRIKES_WITHIN, every=0.005)
        room.stack.kill(plan.fault.part)
        return came
    died = until(lambda: room.stack.pid(plan.fault.part) != doomed, _STRIKES_WITHIN)
    return died and bomb.is_spent(bomb.folder(room.var_dir))


def _counted(room: KillRoom) -> str:
    """Wait until the limits' counters are what is open; return how they differ when the patience is over."""
    wrong = "?"

    def is_right() -> bool:
        nonlocal wrong
        wrong = room.miscounted()
        return not wrong

    return "" if until(is_right, _COUNTED_WITHIN, every=0.05) else wrong


def _settle(room: KillRoom, callers: Callers, began: float) -> str:
    """Wait until nothing goes on any more; return what still does when the patience is over."""
    left = "?"

    def is_quiet() -> bool:
        nonlocal left
        # In this order: what the parties wait for is written to the spool before they get it, and read after that.
        left = callers.unfinished or ", ".join(room.unread()) or ledger_rows.unfinished(room)
        left = left or callers.unheard(ledger_rows.over_and_alive(room, began))
        return not left

    return "" if until(is_quiet, _SETTLES_WITHIN, every=0.05) else left
