"""The sessions of this process: one for each provider, on an event loop in a thread of its own.

The sender's threads come and go with their messages; the session stays. It is opened by the first message, again by the
next one after it has ended, and anew when the provider's row says something else. `keep` has it open without messages,
too: receipts come late.
"""

import asyncio
import atexit
import contextlib
import logging
import threading
from collections.abc import Coroutine, Mapping
from typing import Any, Final, TypeVar

from sms.providers.smpp.account import Account
from sms.providers.smpp.session import NotBoundError, Session, bound

_log = logging.getLogger("sms")
_Found = TypeVar("_Found")
PAUSES: Final = (1.0, 2.0, 4.0, 8.0, 15.0)  # seconds of quiet after binds that failed, one after the other
_GOODBYE_SECONDS: Final = 2.0


class _Entry:
    """A provider's session, or the way to it."""

    def __init__(self, account: Account) -> None:
        self.account = account
        self.failures = 0
        self.quiet_until = 0.0
        self.error: NotBoundError | None = None
        self.opening: asyncio.Task[Session] | None = None

    @property
    def session(self) -> Session | None:
        """What is open."""
        opening = self.opening
        if opening is None or not opening.done() or opening.cancelled() or opening.exception():
            return None
        return None if opening.result().ended else opening.result()


class Pool:
    """Who needs a session asks `session`, within `run`."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._entries: dict[int, _Entry] = {}

    def run(self, job: Coroutine[Any, Any, _Found]) -> _Found:
        """Do `job` on the loop; the calling thread waits."""
        return asyncio.run_coroutine_threadsafe(job, self._running()).result()

    def keep(self, wanted: Mapping[int, tuple[Account, float]]) -> None:
        """Open sessions to these accounts, each within its seconds, and leave all others; nobody waits for it."""
        if wanted or self._loop is not None:
            self._running().call_soon_threadsafe(self._keep, dict(wanted))

    def _running(self) -> asyncio.AbstractEventLoop:
        with self._lock:
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                threading.Thread(target=self._loop.run_forever, name="smpp", daemon=True).start()
                atexit.register(self.close)
            return self._loop

    def _keep(self, wanted: dict[int, tuple[Account, float]]) -> None:
        for provider_id in self._entries.keys() - wanted.keys():
            self._leave(provider_id)
        for provider_id, (account, seconds) in wanted.items():
            with contextlib.suppress(NotBoundError):  # said by messages, and tried again
                self._opening(provider_id, account, seconds)

    def _leave(self, provider_id: int) -> None:
        opening = self._entries.pop(provider_id).opening
        if opening is not None:
            task = asyncio.create_task(_goodbye(opening))
            _leaving.add(task)
            task.add_done_callback(_leaving.discard)

    async def session(self, provider_id: int, account: Account, seconds: float) -> Session:
        """Return the provider's session, opened within `seconds`. Raises `NotBoundError`."""
        return await asyncio.shield(self._opening(provider_id, account, seconds))  # others wait for it, too

    def _opening(self, provider_id: int, account: Account, seconds: float) -> asyncio.Task[Session]:
        entry = self._entries.get(provider_id)
        if entry is not None and entry.account != account:
            self._leave(provider_id)
            entry = None
        if entry is None:
            entry = self._entries[provider_id] = _Entry(account)
        if entry.opening is None or (entry.opening.done() and entry.session is None):
            if entry.error is not None and asyncio.get_running_loop().time() < entry.quiet_until:
                raise entry.error.with_traceback(None)  # or every queued message would knock
            entry.opening = asyncio.create_task(_open(provider_id, entry, seconds))
            entry.opening.add_done_callback(_look)
        return entry.opening

    def close(self) -> None:
        """Say goodbye to all, and not for long."""
        sessions = [entry.session for entry in self._entries.values() if entry.session is not None]
        if sessions:
            with contextlib.suppress(TimeoutError):
                self.run(asyncio.wait_for(_unbind(sessions), _GOODBYE_SECONDS))


async def _open(provider_id: int, entry: _Entry, seconds: float) -> Session:
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(seconds):
            session = await bound(provider_id, entry.account)
    except (NotBoundError, TimeoutError) as error:
        found = error if isinstance(error, NotBoundError) else NotBoundError(f"no bind within {seconds:g} s")
        if entry.error is None or entry.error.why != found.why:  # or every few seconds the same line
            _log.warning("smpp %r not bound, trying again and again why=%s", entry.account, found.why)
        entry.error = found
        entry.quiet_until = loop.time() + PAUSES[min(entry.failures, len(PAUSES) - 1)]
        entry.failures += 1
        raise entry.error from None
    entry.failures = 0
    entry.error = None
    return session


def _look(opening: asyncio.Task[Session]) -> None:
    """Take note of its failure, or asyncio says that nobody did where all who waited have given up."""
    if not opening.cancelled():
        opening.exception()


async def _unbind(sessions: list[Session]) -> None:
    await asyncio.gather(*(session.unbind() for session in sessions))


_leaving: Final[set[asyncio.Task[None]]] = set()


async def _goodbye(opening: asyncio.Task[Session]) -> None:
    """Unbind behind everybody's back, what is still on its way to the SMSC, too."""
    with contextlib.suppress(NotBoundError):
        await (await opening).unbind()


POOL: Final = Pool()
