"""The names Kamailio calls back by, and the guard around each: a callback never raises and returns an int.

An exception in a branch callback would send the branch unmasked, a name that does not exist too (design.md §4):
so names are constants, checked at start, and a guard drops what failed.
"""

import contextlib
from collections.abc import Callable
from typing import Any, Final

import KSR

from kemi.errors import NoMedia, NoRoom, NotAcceptable, TableUnavailable, TokenRefused, TokenTooLong
from kemi.ksr import log
from kemi.ksr.signalling import answer, blank, is_readable, swallow
from kemi.ksr.truth import must

REQUEST: Final = "ksr_request_route"
REPLY: Final = "ksr_reply_route"
BRANCH: Final = "on_branch"
INVITE_REPLY: Final = "on_invite_reply"
DIALOG_REPLY: Final = "on_dialog_reply"
FAILURE: Final = "on_failure"
DIALOG_FAILURE: Final = "on_dialog_failure"
BRANCH_FAILURE: Final = "on_branch_failure"
CLOCK: Final = "on_clock"
UNREADABLE: Final = "on_unreadable"  # called by its name in kamailio.cfg
ALL: Final = (
    REQUEST, REPLY, BRANCH, INVITE_REPLY, DIALOG_REPLY, FAILURE, DIALOG_FAILURE, BRANCH_FAILURE, CLOCK, UNREADABLE,
)  # fmt: skip

Callback = Callable[[Any, Any], int]


def refuse(error: BaseException) -> None:
    """What a failing request callback does: answer, unless it is an ACK (RFC 3261 §17: never answered)."""
    if KSR.pv.get("$rm") == "ACK":
        KSR.set_drop()
    elif isinstance(error, TokenRefused):
        answer(481)
    elif isinstance(error, TokenTooLong | NotAcceptable):
        answer(513 if isinstance(error, TokenTooLong) else 488)
    elif isinstance(error, TableUnavailable | NoRoom | NoMedia):
        answer(503)
    else:
        answer(400 if isinstance(error, ValueError) or not is_readable() else 500)


def drop(error: BaseException) -> None:
    """What a failing branch or reply callback does: the message does not leave."""
    del error
    KSR.set_drop()


def hold_back(error: BaseException) -> None:
    """What a failing on-reply callback does: the reply does not leave; a final one, which tm sends on, says nothing.

    A provisional one becomes a 100: dropped, its leg would be unknown to tm, which could not CANCEL it any more.
    """
    del error
    with contextlib.suppress(Exception):
        if KSR.pv.get("$rs") < 200:
            swallow()
            return
    KSR.set_drop()
    with contextlib.suppress(Exception):
        if (code := KSR.pv.get("$rs")) >= 200:  # kemi/decisions/0010
            blank(code)


def give_up(error: BaseException) -> None:
    """What a failing failure callback does: the caller gets an answer of ours, never a leg's."""
    del error
    KSR.tm.t_reply(500, "Server Internal Error")


def let_go(error: BaseException) -> None:
    """What other failing callbacks do: nothing more. That leg is over, the others ring on; that refusal goes back."""
    del error


def keep_silent(error: BaseException) -> None:
    """What a failing callback for a message that cannot be read does: nothing is sent."""
    del error


def guarded(otherwise: Callable[[BaseException], None]) -> Callable[[Callback], Callback]:
    """Make a callback that never raises; `otherwise` is told of the error and decides what leaves instead."""

    def guard(callback: Callback) -> Callback:
        def safe(self: Any, msg: Any) -> int:
            try:
                return callback(self, msg)
            except SystemExit:
                raise
            except BaseException as error:  # nothing may escape into Kamailio
                otherwise(error)  # before anything else that could fail
                with contextlib.suppress(Exception):
                    log.failed(callback.__name__, error)
                return -1

        safe.__name__ = callback.__name__
        return safe

    return guard


def arm(*, more_to_come: bool) -> None:
    """Name the callbacks of the INVITEs that leave next: tm forgets three of the four whenever it has used them."""
    must(KSR.tm.t_on_branch(BRANCH), "t_on_branch")
    must(KSR.tm.t_on_reply(INVITE_REPLY), "t_on_reply")
    must(KSR.tm.t_on_failure(FAILURE), "t_on_failure")
    if more_to_come:
        must(KSR.tm.t_on_branch_failure(BRANCH_FAILURE), "t_on_branch_failure")


def check_names(router: object) -> None:
    """Raise `AttributeError` at start if a name that Kamailio will call is not there."""
    missing = [name for name in ALL if not callable(getattr(router, name, None))]
    if missing:
        raise AttributeError(f"callbacks that do not exist: {', '.join(missing)}")
