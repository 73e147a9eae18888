"""What became of requests, written down and told: together where they were taken, else one by one.

One that cannot be written down keeps no other from it: it is written without its words, or left to its lease.
"""

import logging
import random
from typing import Final

from psycopg2.extensions import connection

from sms import store
from sms.following import Next
from sms.providers import Accepted, Result
from sms.providers.kinds import bare
from sms.storable import UNWRITABLE
from sms.store import Claimed, Recorded
from sms.telling import tell, tell_of_provider

Done = tuple[Claimed, Result]
_log: Final = logging.getLogger("sms")


def write_down(conn: connection, done: list[Done]) -> None:
    """Empty `done`: what was written is not there any more when this raises `psycopg2.Error`."""
    _accepted(conn, done)
    while done:
        claimed, result = done[0]
        recorded = _one(conn, claimed, result)
        done.pop(0)
        if recorded is None:
            continue
        tell(claimed, result, recorded.then)
        if recorded.seen is not None:
            tell_of_provider(claimed, result, recorded.seen)


def _accepted(conn: connection, done: list[Done]) -> None:
    """Record together what was taken: nearly everything, nearly always."""
    taken = [(one, result) for one, result in done if isinstance(result, Accepted)]
    if len(taken) < 2:
        return
    try:
        recorded = store.record_accepted(conn, taken)
    except UNWRITABLE:
        return  # one of them cannot be written as it is: let the others be
    done[:] = [one for one in done if one[0].attempt_id not in recorded]
    for claimed, result in taken:
        if claimed.attempt_id in recorded:
            tell(claimed, result, Next("accepted") if recorded[claimed.attempt_id] else None)


def _one(conn: connection, claimed: Claimed, result: Result) -> Recorded | None:
    """Record one, with its words or without; None: not even so, its sender counts as lost."""
    dice = random.random()  # noqa: S311 -- no secret: it spreads load
    head = f"notification={claimed.id} attempt={claimed.attempt}"
    try:
        return store.record(conn, claimed, result, dice)
    except UNWRITABLE as error:  # not its text, which shows what was to be written
        _log.error("%s its answer cannot be written down error=%s", head, type(error).__name__)
    try:
        return store.record(conn, claimed, bare(result), dice)
    except UNWRITABLE as error:
        _log.error("%s cannot be recorded at all, left to its lease error=%s", head, type(error).__name__)
    return None
