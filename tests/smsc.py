"""An SMSC that is strict and can be unkind: SMPP v3.4 Issue 1.2, read with another library than the driver writes with.

It takes texts in the GSM alphabet, ASCII, Latin-1 and UCS-2, puts those of several SMS together, and refuses what the
specification does not allow in its words. `Smsc.answers`, `hangs`, `cuts` … are what the next request meets.
"""

import contextlib
import socket
import ssl
import struct
import threading
from collections import deque
from collections.abc import Callable
from queue import Queue
from types import TracebackType
from typing import Final, NamedTuple, Self

import smpp34

from tests.smsc_texts import OK as _OK
from tests.smsc_texts import judge, piece

SYSTEM_ID: Final = "ACuser-1"
PASSWORD: Final = "s3cr3t-t"  # SMPP has room for 8
_HEADER: Final = struct.Struct(">LLLL")
_SUBMIT_SM, _BIND, _UNBIND, _ENQUIRE_LINK = 0x4, 0x9, 0x6, 0x15
_RESPONSE: Final = 0x80000000
_NACK: Final = 0x80000000
_RINVCMDID, _RINVBNDSTS, _RINVPASWD, _RINVSYSID = 0x3, 0x4, 0xE, 0xF


class Taken(NamedTuple):
    """A whole text that the SMSC took."""

    to: str
    text: str
    sender: str


class Heard(NamedTuple):
    """A PDU that came."""

    command: int
    status: int
    sequence: int
    body: bytes


Behaviour = Callable[["Line", smpp34.SubmitSm], None]


class Smsc:
    """Listens on loopback; a thread for each line."""

    def __init__(self, tls: ssl.SSLContext | None = None, host: str = "127.0.0.1") -> None:
        self.taken: list[Taken] = []
        self.submits: list[smpp34.SubmitSm] = []
        self.heard: Queue[Heard] = Queue()  # what we did not ask for, and what answers us
        self.binds = 0
        self.lines: list[Line] = []
        self.bind_status: deque[int | None] = deque()  # None: no answer at all
        self.plan: deque[Behaviour] = deque()
        self.pieces: dict[tuple[str, int], dict[int, str]] = {}
        self._tls = tls
        self._socket = socket.create_server((host, 0))
        self._ended = False

    @property
    def url(self) -> str:
        """As a provider's row has it."""
        host, port = self._socket.getsockname()
        return f"{'smpps' if self._tls else 'smpp'}://{host}:{port}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._ended = True
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        for line in self.lines:
            line.cut()

    def answers(self, status: int) -> None:
        """Answer the next submit_sm so; it is not taken."""
        self.plan.append(lambda line, submit: line.says(_SUBMIT_SM | _RESPONSE, status, submit.sequence_number))

    def hangs(self) -> None:
        """Take the next one, and say nothing."""

        def hang(_: "Line", submit: smpp34.SubmitSm) -> None:
            self.take(submit)

        self.plan.append(hang)

    def cuts(self, after: int = 0) -> None:
        """Take the next one, and cut the line after so many octets of the answer."""

        def cut(line: "Line", submit: smpp34.SubmitSm) -> None:
            line.sends(_pdu(_SUBMIT_SM | _RESPONSE, _OK, submit.sequence_number, self.take(submit))[:after])
            line.cut()

        self.plan.append(cut)

    def holds(self, count: int) -> None:
        """Answer the next ones only when `count` have come, the last one first."""
        held: list[smpp34.SubmitSm] = []

        def hold(line: "Line", submit: smpp34.SubmitSm) -> None:
            held.append(submit)
            if len(held) == count:
                for one in reversed(held):
                    line.says(_SUBMIT_SM | _RESPONSE, _OK, one.sequence_number, self.take(one))

        self.plan.extend([hold] * count)

    def take(self, submit: smpp34.SubmitSm) -> bytes:
        """Keep it, put together with the others of its text; return a message_id."""
        self.submits.append(submit)
        text, reference, total, number = piece(submit)
        pieces = self.pieces.setdefault((submit.destination_addr, reference), {})
        pieces[number] = text
        if len(pieces) == total:
            whole = "".join(pieces[n] for n in sorted(pieces))
            self.taken.append(Taken(submit.destination_addr, whole, submit.source_addr))
            del self.pieces[submit.destination_addr, reference]
        return b"id-%d\0" % len(self.submits)

    def _accept(self) -> None:
        while not self._ended:
            try:
                accepted, _ = self._socket.accept()
            except OSError:
                return
            line = Line(self, accepted, self._tls)
            self.lines.append(line)
            threading.Thread(target=line.run, daemon=True).start()


class Line:
    """One connection."""

    def __init__(self, smsc: Smsc, accepted: socket.socket, tls: ssl.SSLContext | None) -> None:
        self.smsc = smsc
        self.bound = self.ended = False
        self.deaf = False  # reads, and says nothing
        self._socket = accepted
        self._tls = tls

    def run(self) -> None:
        """Serve it to its end."""
        try:
            if self._tls:
                self._socket = self._tls.wrap_socket(self._socket, server_side=True)
            while True:
                head = self._read(_HEADER.size)
                length, command, status, sequence = _HEADER.unpack(head)
                self._serve(head + self._read(length - _HEADER.size), Heard(command, status, sequence, b""))
        except OSError:
            pass
        finally:
            self.cut()

    def says(self, command: int, status: int, sequence: int, body: bytes = b"") -> None:
        """Send a PDU."""
        self.sends(_pdu(command, status, sequence, body))

    def sends(self, octets: bytes) -> None:
        """Send anything."""
        if not self.deaf:
            self._socket.sendall(octets)

    def delivers(self, message_id: str, stat: str, sequence: int) -> None:
        """Send a receipt as most SMSCs write it (SMPP v3.4, Appendix B)."""
        text = (
            f"id:{message_id} sub:001 dlvrd:001 submit date:2611270810 done date:2611270811 stat:{stat} err:000 text:"
        )
        pdu = smpp34.DeliverSm("vContact", "84844441909", text.encode(), esm_class=0x04, sequence_number=sequence)
        self.sends(pdu.encode())

    def cut(self) -> None:
        """Hang up."""
        self.bound, self.ended = False, True
        with contextlib.suppress(OSError):  # it has ended already
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()

    def _read(self, size: int) -> bytes:
        data = b""
        while len(data) < size:
            some = self._socket.recv(size - len(data))
            if not some:
                raise ConnectionError
            data += some
        return data

    def _serve(self, pdu: bytes, head: Heard) -> None:
        if head.command == _BIND:
            self._bind(head, pdu[_HEADER.size :])
        elif head.command in {_ENQUIRE_LINK, _UNBIND}:
            self.smsc.heard.put(head)
            self.says(head.command | _RESPONSE, _OK, head.sequence)
        elif head.command & _RESPONSE:
            self.smsc.heard.put(head._replace(body=pdu[_HEADER.size :]))
        elif head.command != _SUBMIT_SM:
            self.says(_NACK, _RINVCMDID, head.sequence)
        else:
            submit = smpp34.decode(pdu)
            assert isinstance(submit, smpp34.SubmitSm)
            status = judge(submit) if self.bound else _RINVBNDSTS
            if self.smsc.plan and status == _OK:
                self.smsc.plan.popleft()(self, submit)
            else:
                body = self.smsc.take(submit) if status == _OK else b""
                self.says(_SUBMIT_SM | _RESPONSE, status, head.sequence, body)

    def _bind(self, head: Heard, body: bytes) -> None:
        self.smsc.binds += 1
        system_id, password, _, rest = body.split(b"\0", 3)
        status: int | None = _OK if system_id == SYSTEM_ID.encode() else _RINVSYSID
        if status == _OK and password != PASSWORD.encode():
            status = _RINVPASWD
        assert rest == b"\x34\0\0\0", rest  # version 3.4, and no address range
        if self.smsc.bind_status:
            status = self.smsc.bind_status.popleft()
        if status is not None:
            self.bound = status == _OK
            self.says(_BIND | _RESPONSE, status, head.sequence, b"smsc\0" if self.bound else b"")


def _pdu(command: int, status: int, sequence: int, body: bytes = b"") -> bytes:
    return _HEADER.pack(_HEADER.size + len(body), command, status, sequence) + body
