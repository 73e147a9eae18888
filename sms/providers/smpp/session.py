"""One bind to an SMSC: requests wait for their answers by sequence number, as many as the window lets.

What was written and not answered when the line ended is unknown; what was not written is not: `LostError`, `GoneError`.
"""

import asyncio
import contextlib
import logging
import ssl
import traceback
from typing import Any, Final, NamedTuple

from sms.inbox import INBOX, Report
from sms.providers.kinds import Cause
from sms.providers.smpp import codes, receipt
from sms.providers.smpp.account import Account
from sms.providers.smpp.pdus import HEADER, BadPduError, Header, build, delivery, first_text, header

_MOST_SEQUENCE: Final = 0x7FFFFFFF
_MOST_LATE: Final = 1000  # requests whose answers may still come
_log = logging.getLogger("sms")


class NotBoundError(Exception):
    """The SMSC could not be reached, or does not let us in: nothing was sent. See `Refused`."""

    def __init__(self, why: str, *, final: bool = False, cause: Cause = "down", status: int | None = None) -> None:
        super().__init__(why)
        self.why, self.final, self.cause, self.status = why, final, cause, status


class GoneError(Exception):
    """The line had ended before the request was written."""


class LostError(Exception):
    """The line ended after the request was written, and no answer came."""


class Answer(NamedTuple):
    """What came back."""

    status: int
    message_id: str


class Session:
    """A bound connection. Belongs to one event loop."""

    def __init__(
        self, provider_id: int, account: Account, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self.account = account
        self.window = asyncio.Semaphore(account.window)
        self._provider_id = provider_id
        self._reader, self._writer = reader, writer
        self._sequence = 0
        self._waiting: dict[int, tuple[str, asyncio.Future[Answer]]] = {}
        self._late: dict[int, str] = {}
        self.ended = False
        self._tasks = [asyncio.create_task(self._read())]

    async def ask(self, name: str, late: str | None = None, **fields: Any) -> Answer:
        """Write a request and return its answer. Raises `GoneError`, `LostError`.

        `late`: our name of the request, which an answer is told by that comes when nobody waits for it any more.
        """
        if self.ended:
            raise GoneError
        self._sequence = self._sequence % _MOST_SEQUENCE + 1
        sequence = self._sequence
        future: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._waiting[sequence] = (name, future)
        try:
            self._writer.write(build(name, sequence, **fields))
            return await future
        except asyncio.CancelledError:
            if late is not None:
                self._late[sequence] = late
                while len(self._late) > _MOST_LATE:
                    self._late.pop(next(iter(self._late)))
            raise
        finally:
            self._waiting.pop(sequence, None)

    async def bind(self) -> None:
        """Log in. Raises `NotBoundError`."""
        mine = self.account
        try:
            answer = await self.ask(
                "bind_transceiver", system_id=mine.system_id, password=mine.password, system_type=mine.system_type
            )
        except (GoneError, LostError):
            raise NotBoundError("the SMSC hung up on our bind") from None
        if answer.status != codes.ROK:
            self.end("the SMSC refused the bind")
            verdict, why = codes.of_bind(answer.status)
            cause: Cause = "down" if verdict == "down" else "message"
            raise NotBoundError(why, final=verdict == "failed", cause=cause, status=answer.status)
        _log.info("smpp %r bound", self.account)
        self._tasks.append(asyncio.create_task(self._stay()))

    async def unbind(self) -> None:
        """Hear what is still to be answered, say goodbye, and hear that; then hang up."""
        waiting = [future for _, future in self._waiting.values()]
        if waiting:
            await asyncio.wait(waiting)
        with contextlib.suppress(GoneError, LostError):
            await self.ask("unbind")
        self.end("unbound")

    def end(self, why: str) -> None:
        """Hang up. What waits for an answer will not get one."""
        if self.ended:
            return
        self.ended = True
        _log.info("smpp %r ended why=%s waiting=%d", self.account, why, len(self._waiting))
        for _, future in self._waiting.values():
            if not future.done():
                future.set_exception(LostError())
        self._writer.close()
        for task in self._tasks:
            if task is not asyncio.current_task():
                task.cancel()

    async def _read(self) -> None:
        why = "the SMSC hung up"
        try:
            while not self.ended:
                head = header(await self._reader.readexactly(HEADER))
                self._serve(head, await self._reader.readexactly(head.length - HEADER))
        except (asyncio.IncompleteReadError, OSError):
            pass
        except BadPduError as error:
            why = f"what the SMSC says is not SMPP: {error}"
        except Exception as error:  # a bug of ours: a line that nobody reads would keep all who wait for its answers
            frames = "".join(traceback.format_tb(error.__traceback__))  # code, never values
            _log.error("smpp %r failed error=%s\n%s", self.account, type(error).__name__, frames)
            why = "we cannot read what the SMSC says"
        self.end(why)

    def _serve(self, head: Header, body: bytes) -> None:
        if head.is_answer:
            name, future = self._waiting.get(head.sequence, ("", None))
            answer = Answer(head.status, first_text(body))
            if future is not None and head.answers(name) and not future.done():
                future.set_result(answer)
            else:
                _log.warning("smpp %r an answer that nobody waits for: %s %s", self.account, head.name, answer)
                self._came_late(head, answer)
        elif head.name == "enquire_link":
            self._writer.write(build("enquire_link_resp", head.sequence))
        elif head.name == "unbind":
            self._writer.write(build("unbind_resp", head.sequence))
            self.end("the SMSC unbound us")
        elif head.name == "deliver_sm":
            self._deliver(head.sequence, body)
        elif head.name != "alert_notification":  # which has no answer
            self._writer.write(build("generic_nack", head.sequence, codes.RINVCMDID))

    def _came_late(self, head: Header, answer: Answer) -> None:
        """Let the ledger know that a message of unknown fate was taken. (Of a refusal it knows enough.)"""
        request_id = self._late.pop(head.sequence, None) if head.answers("submit_sm") else None
        if request_id is None or answer.status != codes.ROK:
            return
        reference = self.account.named(answer.message_id)
        why, raw = "the SMSC took it, and said so late", f"submit_sm_resp message_id={answer.message_id}"
        INBOX.put(Report(self._provider_id, reference, "accepted", why, raw, bool, request_id))

    def _deliver(self, sequence: int, body: bytes) -> None:
        try:
            delivered = delivery(body)
        except BadPduError as error:
            _log.warning("smpp %r refused %s", self.account, error)
            return self._confirm(sequence, codes.RX_P_APPN)
        said = receipt.read(delivered, self.account)
        if said is None:  # an answer of a member, which nobody reads, or a receipt of nothing
            _log.info("smpp %r a deliver_sm that is no receipt esm_class=%d", self.account, delivered.esm_class)
            return self._confirm(sequence)
        loop = asyncio.get_running_loop()
        report = Report(
            self._provider_id, *said, raw=delivered.text.decode("latin-1"),
            confirm=lambda: loop.call_soon_threadsafe(self._confirm, sequence),
            refuse=lambda: loop.call_soon_threadsafe(self._confirm, sequence, codes.RX_P_APPN),
        )  # fmt: skip
        if not INBOX.put(report):
            self._confirm(sequence, codes.RMSGQFUL)
        return None

    def _confirm(self, sequence: int, status: int = codes.ROK) -> None:
        if not self.ended:
            self._writer.write(build("deliver_sm_resp", sequence, status))

    async def _stay(self) -> None:
        """Ask now and then whether the SMSC is still there: a line may be dead for hours without a sign."""
        while True:
            await asyncio.sleep(self.account.enquire_seconds)
            try:
                async with asyncio.timeout(self.account.enquire_seconds):
                    await self.ask("enquire_link")
            except (TimeoutError, GoneError, LostError):
                self.end("no answer to enquire_link")
                return


async def bound(provider_id: int, account: Account) -> Session:
    """Return a new session. Raises `NotBoundError`."""
    try:
        reader, writer = await asyncio.open_connection(account.host, account.port, ssl=_tls(account))
    except ssl.SSLCertVerificationError as error:
        raise NotBoundError(f"the SMSC's certificate does not hold: {error.verify_message}") from None
    except ssl.SSLError:
        raise NotBoundError("the SMSC speaks no TLS that we do") from None
    except OSError:
        raise NotBoundError("no connection") from None
    session = Session(provider_id, account, reader, writer)
    try:
        await session.bind()
    except asyncio.CancelledError:
        session.end("no answer to our bind")
        raise
    return session


def _tls(account: Account) -> ssl.SSLContext | None:
    if not account.tls:
        return None
    try:
        return ssl.create_default_context(cadata=account.ca)
    except ssl.SSLError:
        why = "the certificate in credentials, ca, cannot be read: it must be PEM"
        raise NotBoundError(why, cause="setup") from None
