"""What providers report on lines of their own (SMPP), on its way to the database.

Only the sender's main thread speaks to that. A report is confirmed to the provider when it is committed, not before:
who gets no answer brings it again.
"""

import queue
from collections.abc import Callable
from typing import Final, NamedTuple

from sms.receipts.kinds import Status

_MOST: Final = 1000  # reports that wait: more are refused, and come again


class Report(NamedTuple):
    """A receipt. `reference`: the provider's id of the message; `request_id`: ours of the request. One is known.

    `confirm`: called when it is committed, from the main thread; `refuse`: when it never can be.
    """

    provider_id: int
    reference: str | None
    status: Status
    reason: str
    raw: str
    confirm: Callable[[], object]
    request_id: str | None = None
    refuse: Callable[[], object] = bool


class Inbox:
    """Reports wait here. Filled by any thread, emptied by one."""

    def __init__(self) -> None:
        self.wake: Callable[[], object] = bool  # whoever empties it says how he is woken
        self._waiting: queue.Queue[Report] = queue.Queue(_MOST)

    def put(self, report: Report) -> bool:
        """Take a report; False: there is no room, it should come again."""
        try:
            self._waiting.put_nowait(report)
        except queue.Full:
            return False
        self.wake()
        return True

    def take(self) -> list[Report]:
        """Return all that wait."""
        found = []
        while not self._waiting.empty():
            found.append(self._waiting.get_nowait())
        return found


INBOX: Final = Inbox()
