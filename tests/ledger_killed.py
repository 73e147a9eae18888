"""`python -m tests.ledger_killed before|after <n>`: the real ledger writer, killed -9 around its n-th commit.

The production code has no hook for this: its connection is one that dies when it commits.
"""

import os
import signal
import sys
from functools import partial
from types import TracebackType
from typing import Any

import psycopg2
from psycopg2.extensions import connection

from kemi.ledger import store, writer

POINT, NUMBER = sys.argv[1], int(sys.argv[2])
recordings = 0
record = store.record


class Mortal(connection):
    """A connection that kills its process before or after the commit of the n-th recording."""

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        if recordings == NUMBER and POINT == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        super().__exit__(kind, error, tb)
        if recordings == NUMBER and POINT == "after":
            os.kill(os.getpid(), signal.SIGKILL)


def counted(*arguments: Any) -> None:
    """Count the recordings: the next commit is this one's."""
    global recordings  # noqa: PLW0603
    recordings += 1
    record(*arguments)


setattr(store, "record", counted)  # noqa: B010
setattr(psycopg2, "connect", partial(psycopg2.connect, connection_factory=Mortal))  # noqa: B010
writer.main()
