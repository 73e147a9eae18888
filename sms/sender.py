"""`python -m sms.sender`: send what is queued, for ever. Any number of senders, anywhere, share the work.

    claim as many as threads are free → each thread asks the provider → record → …
    woken by NOTIFY notification_queued, by a thread that is done, or after SMS_POLL_SECONDS

Only the main thread speaks to PostgreSQL. While that is down, results wait in memory; nothing new is claimed.
SIGTERM: nothing new is claimed, what is under way may end, within a few seconds.
"""

import logging
import os
import queue
import select
import signal
import threading
import time
import traceback
from collections import Counter
from collections.abc import Mapping
from typing import Any, Final, NoReturn

import psycopg2
from psycopg2.extensions import connection, set_wait_callback
from psycopg2.extras import wait_select

from sms import gate, store
from sms.asking import keep_asking
from sms.lines import Lines
from sms.options import Options
from sms.providers import DRIVERS, Refused, Result, Unknown
from sms.redaction import redacted
from sms.results import Done, write_down
from sms.store import Claimed, Rooms
from sql.said import said

RETRY_SECONDS: Final = 1.0
_CONNECT_SECONDS: Final = 5
# After connecting, before what others have claimed counts as lost: PostgreSQL may have been away for longer than their
# leases, and they, too, have answers to write down; by then each has tried to connect once more.
TAKE_OVER_SECONDS: Final = RETRY_SECONDS + _CONNECT_SECONDS + 1
_STOP_SECONDS: Final = 5
_ROUTE_SECONDS: Final = 60  # also without a NOTIFY: a row that was being queued when its tenant changed was not seen
_TEND_SECONDS: Final = 1.0  # between two looks for what is too old, lost, or waits for a provider that is left alone
_LONGEST_SECONDS: Final = 600  # of a request, whatever its timeout: looking a name up has none, nor has a slow drip
_LEAST_WAIT: Final = 0.02  # seconds, for a turn that has come: another sender may be about to take it
_log = logging.getLogger("sms")


class Sender:
    """Claims, sends and records. One object for the process; connections come and go."""

    def __init__(self, options: Options, env: Mapping[str, str]) -> None:
        """`env` holds the secrets that providers' templates name."""
        self._options = options
        self._env = env
        self.stopping = False
        self._busy: Counter[int | None] = Counter()  # requests under way, by provider
        self._held: dict[int, tuple[float, Claimed]] = {}  # the same by attempt, with when they were claimed
        self._route_at = self._tend_at = self._take_over_at = 0.0
        self._todo: queue.SimpleQueue[Claimed] = queue.SimpleQueue()
        self._done: queue.SimpleQueue[Done] = queue.SimpleQueue()
        self._unrecorded: list[Done] = []
        self._wake_read, self._wake_write = os.pipe()
        os.set_blocking(self._wake_read, False)
        self._lines = Lines(env, lambda: os.write(self._wake_write, b"x"))
        for number in range(options.threads):
            # Daemons: a provider that hangs does not keep the process from ending.
            threading.Thread(target=self._work, name=f"sms-{number}", daemon=True).start()

    @property
    def idle(self) -> bool:
        """Nothing is under way and nothing waits to be recorded."""
        return not self._busy.total() and not self._unrecorded

    def stop(self) -> None:
        """Claim no more; may be called from a signal handler."""
        self.stopping = True
        os.write(self._wake_write, b"x")

    def connected(self) -> None:
        """Begin with a new connection: others may come back, too."""
        self._take_over_at = time.monotonic() + TAKE_OVER_SECONDS

    @property
    def _takes_over(self) -> bool:
        return time.monotonic() >= self._take_over_at

    def step(self, conn: connection) -> int:
        """Record what is done, claim what is due and hand it out; return how many. Raises `psycopg2.Error`."""
        self._record(conn)
        self._lines.step(conn)
        if self.stopping:
            return 0
        left = self._tend(conn)
        free = self._options.threads - self._busy.total()
        rooms = Rooms(self._options.most_of_one, self._busy, self._options.give_up_seconds)
        over, since = self._takes_over, time.monotonic()
        claimed = store.claim(conn, free, self._options.lease_seconds, rooms, take_over=over) if free else []
        for one in claimed:
            self._held[one.attempt_id] = since, one
            self._busy[one.provider and one.provider.id] += 1
            self._todo.put(one)
        return len(claimed) + left

    def _tend(self, conn: connection) -> int:
        """Do what is to be done now and then; return how many notifications may be claimed that could not be before."""
        now = time.monotonic()
        if self._route_at < now:
            store.reroute(conn)
            self._route_at = now + _ROUTE_SECONDS
        if now < self._tend_at:
            return 0
        self._tend_at = now + min(self._options.poll_seconds, _TEND_SECONDS)
        self._renew(conn, now)
        if self._takes_over:
            self._give_up(conn)
        released = store.release_merged(conn)
        left = gate.leave_open(conn)
        if left:
            _log.warning("notifications=%d go to their tenants' other provider: theirs is left alone", left)
            self._tend_at = now  # there may be more
        return left + released

    def _renew(self, conn: connection, now: float) -> None:
        ages = [(now - since, one) for since, one in self._held.values()]
        lease = self._options.lease_seconds
        slow = [one for age, one in ages if lease / 2 <= age < _LONGEST_SECONDS]
        if slow:
            store.renew(conn, slow, lease)

    def _give_up(self, conn: connection) -> None:
        expired = store.expire(conn, self._options.give_up_seconds)
        if expired:
            _log.warning("expired notifications=%d", expired)
        held = store.hold_abandoned(conn)
        if held:
            _log.error("unknown notifications=%d why=their sender was lost", held)

    def wait(self, conn: connection) -> None:
        """Return when there may be something to do. Raises `psycopg2.Error`."""
        turn = gate.next_turn(conn) if self._busy.total() < self._options.threads else None
        if not conn.notifies and self._done.empty():
            readable: list[Any] = [conn, self._wake_read]
            poll = self._options.poll_seconds
            poll = poll if self._takes_over else min(poll, TAKE_OVER_SECONDS)
            select.select(readable, [], [], poll if turn is None else min(max(turn, _LEAST_WAIT), poll))
        conn.poll()
        if any(notice.channel == "sms_route" for notice in conn.notifies):
            self._route_at = 0.0
        conn.notifies.clear()
        try:
            os.read(self._wake_read, 4096)
        except BlockingIOError:
            return

    def _work(self) -> None:
        """What each thread does."""
        while True:
            claimed = self._todo.get()
            self._done.put((claimed, self._send(claimed)))
            os.write(self._wake_write, b"x")

    def _send(self, claimed: Claimed) -> Result:
        if claimed.provider is None:
            return Refused(claimed.hindrance or "", final=True, cause="elsewhere")
        if time.monotonic() - self._held[claimed.attempt_id][0] >= self._options.lease_seconds:
            # We stood still, as a suspended machine does: another may have sent it by now.
            return Refused("it was claimed too long ago to be asked now", final=False, cause="setup")
        try:
            return DRIVERS[claimed.provider.driver](claimed.provider, claimed.message, self._env)
        except Exception as error:  # a driver's bug must not end the thread and leave the row to its lease
            frames = "".join(traceback.format_tb(error.__traceback__))  # code, never values
            _log.error("driver failed notification=%d error=%s\n%s", claimed.id, type(error).__name__, frames)
            return Unknown(f"the driver failed: {type(error).__name__}")  # before or after its request left

    def _record(self, conn: connection) -> None:
        while True:
            try:
                claimed, result = self._done.get_nowait()
                self._unrecorded.append((claimed, result))
                self._busy[claimed.provider and claimed.provider.id] -= 1
                self._held.pop(claimed.attempt_id)
            except queue.Empty:
                break
        write_down(conn, self._unrecorded)


def keep(url: str, sender: Sender) -> None:
    """Connect, and send until it is told to stop and idle, or the database fails. Raises `psycopg2.Error`."""
    conn = psycopg2.connect(
        url, connect_timeout=_CONNECT_SECONDS, application_name="sms", keepalives_idle=10, tcp_user_timeout=10_000
    )
    try:
        store.listen(conn)
        sender.connected()
        _log.info("sms ready")
        while not (sender.stopping and sender.idle):
            if not sender.step(conn):
                sender.wait(conn)
    finally:
        conn.close()


def main() -> None:
    """Run until SIGTERM or SIGINT."""
    logging.basicConfig(level=os.environ.get("LOG_LEVEL", "info").upper(), format="%(name)s: %(message)s")
    logging.getLogger("urllib3").setLevel(logging.CRITICAL)  # its lines show URLs, and those the number and secrets
    set_wait_callback(wait_select)  # or a server that hangs would keep us from hearing signals
    try:
        options = Options.read(os.environ)
    except ValueError as wrong:
        raise SystemExit(f"sms: {wrong}") from wrong
    if not os.environ.get("DATABASE_URL"):
        raise SystemExit("sms: DATABASE_URL is not set")
    sender = Sender(options, os.environ)
    _end_on_signals(sender)
    keep_asking(os.environ["DATABASE_URL"], os.environ, options.poll_seconds)
    while not (sender.stopping and sender.idle):
        try:
            keep(os.environ["DATABASE_URL"], sender)
        except psycopg2.Error as error:
            _log.warning("notifications wait, trying again in %g s: %s", RETRY_SECONDS, redacted(said(error)))
            time.sleep(RETRY_SECONDS)


def _end_on_signals(sender: Sender) -> None:
    def stop(_signal: int, _frame: object) -> None:
        signal.alarm(_STOP_SECONDS)
        sender.stop()

    def give_up(_signal: int, _frame: object) -> NoReturn:
        _log.warning("ended with requests under way: they are sent again when their lease is over")
        os._exit(0)  # not SystemExit: psycopg2 turns it into an error of the connection

    signal.signal(signal.SIGALRM, give_up)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)


if __name__ == "__main__":
    main()
