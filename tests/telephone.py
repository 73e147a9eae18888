"""Voice that can be heard in tests: a telephone's RTP socket that plays tones and listens by signal (G.711 A-law).

What it heard is judged by what is in the samples (`tests.listening`), never by a count of packets alone.
"""

import random
import socket
import struct
import threading
import time
from typing import Final

from kemi.audit import Packet
from tests import listening
from tests.listening import RATE, a_law, a_law_of, share
from tests.sip import Recording
from tests.srtp import Key

FRAME: Final = 160  # samples of a packet: 20 ms
_PCMA, _EVENTS = 8, 101


def tone(hertz: float, frames: int) -> list[bytes]:
    """`frames` packets' worth of a tone, A-law."""
    raw = a_law_of(listening.tone(hertz, frames * FRAME / RATE))
    return [raw[at : at + FRAME] for at in range(0, len(raw), FRAME)]


class Heard:
    """One RTP packet that came."""

    def __init__(self, raw: bytes, source: tuple[str, int]) -> None:
        self.raw, self.source, self.at = raw, source, time.monotonic()
        self.kind = raw[1] & 0x7F
        self.number, self.stamp, self.ssrc = struct.unpack("!HII", raw[2:12])
        self.payload = raw[12:]


class Telephone:
    """An RTP socket at `host`, and the RTCP one above it. It sends to whom it is told, and keeps what it hears.

    All of it goes into the `recording` of the test, which is audited when the test is over.
    """

    def __init__(
        self, host: str, recording: Recording, family: socket.AddressFamily = socket.AF_INET
    ) -> None:  # fmt: skip
        self.host, self._recording = host, recording
        self._rtp, self._rtcp = _pair(host, family)
        self.port: int = self._rtp.getsockname()[1]
        self.heard: list[Heard] = []
        self.reports: list[bytes] = []  # RTCP, as it came
        self.speaks_by: Key | None = None  # SRTP: what it sends, and what it hears
        self.hears_by: Key | None = None
        self.ssrc = random.getrandbits(32)
        self.sent = 0
        self._number, self._stamp = random.getrandbits(15), random.getrandbits(31)
        self._open = True
        self._listeners = [threading.Thread(target=self._listen, args=(one,)) for one in (self._rtp, self._rtcp)]
        for listener in self._listeners:
            listener.start()

    def __enter__(self) -> "Telephone":
        return self

    def __exit__(self, *_: object) -> None:
        self._open = False
        for listener in self._listeners:
            listener.join()
        self._rtp.close()
        self._rtcp.close()

    def plays(self, to: tuple[str, int], frames: list[bytes]) -> None:
        """Send frames at their own pace, one every 20 ms."""
        begin = time.monotonic()
        for index, frame in enumerate(frames):
            pause = begin + index * FRAME / RATE - time.monotonic()
            if pause > 0:
                time.sleep(pause)  # a telephone's clock: the sending itself, not a wait for a fact
            self.send(to, frame, _PCMA, mark=index == 0)
            self._stamp += FRAME

    def dials(self, to: tuple[str, int], digit: int) -> None:
        """Send a digit as RFC 4733 does: its event repeated, its end three times; the time stamp is its beginning's."""
        for index in range(8):
            ended = index >= 5
            event = struct.pack("!BBH", digit, 0x80 * ended | 10, FRAME * min(index + 1, 6))
            self.send(to, event, _EVENTS, mark=index == 0)
        self._stamp += 6 * FRAME

    def send(self, to: tuple[str, int], payload: bytes, kind: int, *, mark: bool = False) -> None:
        """Send one RTP packet."""
        self._number = (self._number + 1) & 0xFFFF
        head = struct.pack("!BBHII", 0x80, 0x80 * mark | kind, self._number, self._stamp & 0xFFFFFFFF, self.ssrc)
        packet = head + payload
        self._sends(self._rtp, packet if self.speaks_by is None else self.speaks_by.sealed(packet), to)
        self.sent += 1

    def passes(self, to: tuple[str, int], raw: bytes) -> None:
        """Send a datagram as it is: UDPTL, say, which is no RTP."""
        self._sends(self._rtp, raw, to)

    def reports_to(self, to: tuple[str, int], cname: str) -> None:
        """Send a sender report with a source description that names the sender (RFC 3550 §6.5)."""
        name = cname.encode()
        item = struct.pack("!BB", 1, len(name)) + name + b"\0"
        item += b"\0" * (-len(item) % 4)
        chunk = struct.pack("!I", self.ssrc) + item
        report = struct.pack(
            "!BBHIIIIII", 0x80, 200, 6, self.ssrc, 0x83AA7E80, 0, self._stamp & 0xFFFFFFFF, self.sent, 0
        )
        self._sends(self._rtcp, report + struct.pack("!BBH", 0x81, 202, len(chunk) // 4) + chunk, to)

    def voice(self, since: int = 0) -> bytes:
        """The A-law samples that came, from the packet `since` on, in the order of their numbers."""
        voice = [one for one in self.heard[since:] if one.kind == _PCMA]
        return b"".join(one.payload for one in sorted(voice, key=lambda one: one.stamp))

    def hears(self, hertz: float, since: int = 0, seconds: float = 0.2) -> bool:
        """Whether the last `seconds` of what came since are this tone, and nothing else to speak of."""
        voice = self.voice(since)[-int(seconds * RATE) :]
        return len(voice) >= int(seconds * RATE) and share(a_law(voice), hertz) > 0.9

    @property
    def digits(self) -> list[int]:
        """The digits whose end came, each once (RFC 4733: the same time stamp is the same event)."""
        ended = {one.stamp: one.payload[0] for one in self.heard if one.kind == _EVENTS and one.payload[1] & 0x80}
        return [ended[stamp] for stamp in sorted(ended)]

    def _sends(self, sock: socket.socket, raw: bytes, to: tuple[str, int]) -> None:
        self._recording.add(Packet(time.monotonic(), sock.getsockname()[:2], to, raw))
        sock.sendto(raw, to)

    def _listen(self, sock: socket.socket) -> None:
        sock.settimeout(0.1)
        while self._open:
            try:
                raw, source = sock.recvfrom(4096)
            except OSError:
                continue
            self._recording.add(Packet(time.monotonic(), source[:2], sock.getsockname()[:2], raw))
            if sock is self._rtcp:
                self.reports.append(raw)
            elif len(raw) >= 12:
                self.heard.append(Heard(raw if self.hears_by is None else self.hears_by.opened(raw), source[:2]))


def _pair(host: str, family: socket.AddressFamily) -> tuple[socket.socket, socket.socket]:
    """Two sockets, RTP on an even port and RTCP on the next."""
    while True:
        rtp, rtcp = (socket.socket(family, socket.SOCK_DGRAM) for _ in range(2))
        rtp.bind((host, 0))
        port = rtp.getsockname()[1]
        try:
            if port % 2 == 0:
                rtcp.bind((host, port + 1))
                return rtp, rtcp
        except OSError:
            pass
        rtp.close()
        rtcp.close()
