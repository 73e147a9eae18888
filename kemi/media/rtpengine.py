"""rtpengine, asked by a SIP worker over UDP (ng protocol): offer and answer wait for it, delete does not.

A worker waits at most `wait_ms` for one node, and asks at most two of them; a node that was silent is known to all
workers as down (`kemi.ksr.down`) and not asked again until kemi.watch has heard from it.
"""

import base64
import contextlib
import itertools
import os
import secrets
import socket
import time
from collections.abc import Collection, Sequence
from typing import Final, Protocol

from kemi.domain.media import Change, Node, candidates, first_offer, tag_of
from kemi.domain.recording import note_of
from kemi.errors import NoMedia
from kemi.media import bencode
from kemi.media.bencode import Value

_REPEATS: Final = 3  # times that a question is sent within the wait; rtpengine answers the same one once (its cookie)
_MOST_ASKED: Final = 2  # nodes, for a new call
_LARGEST: Final = 65_536
_LARGEST_SDP: Final = 32_000  # octets: what leaves room in a datagram for the rest of a question, and of its answer
_PLAYED: Final = 2000  # times that a sound is repeated: one of a second, for longer than anybody's telephone rings
# generate-rtcp: a side's RTCP names it (CNAME) and ends here; port-latching: a leg's answer after another leg's early
# media, or a moved far side, leaves the ports that the other side knows.
_FLAGS: Final[list[Value]] = ["generate-RTCP", "port-latching"]
_REPLACE: Final[list[Value]] = ["origin", "session-connection"]
# But AES_CM_128_HMAC_SHA1_80 and _32, which everybody speaks: all twelve would not fit into one packet with an INVITE.
_SUITES: Final = (
    "AEAD_AES_256_GCM", "AEAD_AES_128_GCM", "AES_256_CM_HMAC_SHA1_80", "AES_256_CM_HMAC_SHA1_32",
    "AES_192_CM_HMAC_SHA1_80", "AES_192_CM_HMAC_SHA1_32", "F8_128_HMAC_SHA1_80", "F8_128_HMAC_SHA1_32",
    "NULL_HMAC_SHA1_80", "NULL_HMAC_SHA1_32",
)  # fmt: skip
_SDES: Final[list[Value]] = [f"no-{suite}" for suite in _SUITES]
_SAME: Final[dict[str, Value]] = {"ICE": "remove", "DTLS": "off", "flags": _FLAGS, "replace": _REPLACE, "SDES": _SDES}
_ALIKE: Final = bencode.encode(_SAME)[1:-1]  # without the brackets of a dictionary of its own
_NOTHING: Final = "-"
_NOTED: Final = 4000  # octets of an SDP that a session keeps as the label of a side; a longer one is not gone back to


class Down(Protocol):
    """The numbers of the nodes that are down, as all workers know them."""

    def __contains__(self, node: object) -> bool: ...

    def add(self, node: int) -> None: ...


class Rtpengines:
    """`kemi.ports.Media`: all the nodes. Sockets open themselves in the process that first asks."""

    def __init__(self, nodes: Sequence[Node], down: Down, wait_ms: int) -> None:
        """`wait_ms`: the longest that one node keeps a worker."""
        self._nodes = nodes
        self._down = down
        self._pause = wait_ms / 1000 / _REPEATS
        self._pid, self._name = 0, ""  # of this process; the name is new with it, a cookie is never used twice
        self._sockets: dict[int, socket.socket] = {}
        self._cookies = itertools.count()

    def place(self, call: bytes, sdp: str, profiles: Collection[int]) -> tuple[int, dict[int, str]]:
        """Begin a session for the caller's offer; return its node and the SDP for legs, by profile. "" begins none.

        Raises `NoMedia` where no node is up, or none answers.
        """
        for node in itertools.islice(candidates(call, self._nodes, self._down), _MOST_ASKED):
            if not sdp:
                return node, dict.fromkeys(profiles, "")
            try:
                return node, {one: self.change(node, call, first_offer(one), sdp) for one in profiles}
            except NoMedia:
                self.delete(node, call)  # one that was only stopped takes the offer later, and then this
        raise NoMedia("no rtpengine answers")

    def change(self, node: int, call: bytes, change: Change, sdp: str) -> str:
        """Take an offer or an answer of a session through its node; return the SDP for the other side.

        Raises `NoMedia`: it is down, it is silent, or it refuses.
        """
        if len(sdp) > _LARGEST_SDP:  # asked in vain, a node would seem to be down
            raise NoMedia("an SDP that fills a datagram")
        said = self._ask(node, _question(call, change, sdp))
        if said.get("result") != "ok":
            raise NoMedia(f"rtpengine {node} refuses: {said.get('error-reason', said.get('result'))}")
        shown = str(said.get("sdp", ""))
        if change.records and "recordings" not in said:  # it was begun anew, rtpengine having died, say
            self.record(node, call, note_of(shown, change.from_))
        return shown

    def note(self, node: int, call: bytes, tag: str, sdp: str) -> None:
        """Keep in the session what was asked for the side `tag`, and stands now. Never raises."""
        note: dict[str, Value] = {"call-id": call.hex(), "from-tag": tag, "set-label": _label(sdp)}
        with contextlib.suppress(NoMedia):  # nothing was ever silenced: of these commands, the one that does least
            self._ask(node, bencode.encode({"command": "unsilence media", **note}))

    def noted(self, node: int, call: bytes) -> dict[str, str] | None:
        """Return what each side has said that stands, by its tag, "" for more than is kept; None: no such session."""
        with contextlib.suppress(NoMedia):
            said = self._ask(node, bencode.encode({"command": "query", "call-id": call.hex()}), marks=False)
            if isinstance(tags := said.get("tags"), dict):
                found = ((tag, str(one.get("label", ""))) for tag, one in tags.items() if isinstance(one, dict))
                return {tag: _said(label) for tag, label in found if label}
        return None

    def play(self, node: int, call: bytes, file: str, *, once: bool) -> None:
        """Let the caller hear a sound file, instead of any other; where it is, is where rtpengine finds it.

        Raises `NoMedia`: it is down, it is silent, or it cannot play that.
        """
        sound: dict[str, Value] = {"command": "play media", "call-id": call.hex(), "from-tag": "caller", "file": file}
        if not once:
            sound["repeat-times"] = _PLAYED
        block: dict[str, Value] = {"command": "block media", "call-id": call.hex()}
        # What a member's network plays before he answers would be mixed with it, and would be sent the caller's voice.
        # Both are waited for: what came behind the `hush` of another process would leave two people in silence.
        for one in (sound, block):
            try:
                said = self._ask(node, bencode.encode(one))
            except NoMedia:
                self.hush(node, call)
                raise
            if said.get("result") != "ok":
                self.hush(node, call)
                raise NoMedia(f"rtpengine {node} cannot play {file}: {said.get('error-reason')}")

    def hush(self, node: int, call: bytes) -> None:
        """Stop what `play` began, before the answer that follows is heard: rtpengine would mix them."""
        stop: dict[str, Value] = {"command": "stop media", "from-tag": "caller"}
        unblock: dict[str, Value] = {"command": "unblock media"}
        for one in (stop, unblock):
            try:
                self._ask(node, bencode.encode({"call-id": call.hex(), **one}))
            except NoMedia:  # the answer that follows finds nobody, either
                self._tell(node, call, one)  # one that was only stopped hears of it later

    def record(self, node: int, call: bytes, note: str) -> None:
        """Record both sides from now on, as they send."""
        self._tell(node, call, {"command": "start recording", "metadata": note})

    def delete(self, node: int, call: bytes) -> None:
        """End a session; nobody waits for that. What gets lost ends by rtpengine's own timeouts."""
        self._tell(node, call, {"command": "delete", "delete-delay": 0})

    def _tell(self, node: int, call: bytes, said: dict[str, Value]) -> None:
        """Say something that nobody waits for the answer to."""
        if node < len(self._nodes):
            command: dict[str, Value] = {"call-id": call.hex(), **said}
            for _ in range(2):  # the first may get an ICMP error, of what was said while nobody listened there
                with contextlib.suppress(OSError):
                    sock = self._socket(node)
                    sock.settimeout(0)  # its buffer is full where it has been stopped for long
                    sock.send(self._cookie() + bencode.encode(command))
                    return

    def close(self) -> None:
        """Close what is open; the next question opens it again."""
        for sock in self._sockets.values():
            sock.close()
        self._sockets = {}

    def _ask(self, node: int, command: bytes, *, marks: bool = True) -> dict[str, Value]:
        """Ask and wait. Raises `NoMedia` where nobody answers; the node is down then, if that `marks` it."""
        if node in self._down or node >= len(self._nodes):
            raise NoMedia(f"rtpengine {node} is down")
        sock, cookie = self._socket(node), self._cookie()
        question = cookie + command
        for _ in range(_REPEATS):
            with contextlib.suppress(OSError):  # silent; or an ICMP error, which may be that of an earlier delete
                sock.settimeout(self._pause)
                sock.send(question)
                until = time.monotonic() + self._pause
                while (left := until - time.monotonic()) > 0:
                    sock.settimeout(left)
                    answer = sock.recv(_LARGEST)
                    if answer.startswith(cookie):  # else it is one that came too late, or a delete's
                        return _understood(node, answer[len(cookie) :])
        if marks:
            self._down.add(node)
        raise NoMedia(f"rtpengine {node} does not answer")

    def _cookie(self) -> bytes:
        return f"{self._name}_{next(self._cookies)} ".encode()

    def _socket(self, node: int) -> socket.socket:
        if self._pid != os.getpid():  # opened after the fork, each process its own
            self._pid, self._name, self._sockets = os.getpid(), secrets.token_hex(6), {}
        held = self._sockets.get(node)
        if held is None:
            ip, port, _ = self._nodes[node]
            held = socket.socket(socket.AF_INET6 if ":" in ip else socket.AF_INET, socket.SOCK_DGRAM)
            held.connect((ip, port))
            self._sockets[node] = held
        return held


def _understood(node: int, answer: bytes) -> dict[str, Value]:
    try:
        said = bencode.decode(answer)
    except ValueError as wrong:
        raise NoMedia(f"rtpengine {node} is not understood: {wrong}") from wrong
    return said if isinstance(said, dict) else {}


def _question(call: bytes, change: Change, sdp: str) -> bytes:
    """Return an offer or an answer as it is sent; what every one of them says is spelt once, for all."""
    op, from_, to, profile, transport, family, asked, _ = change
    said: dict[str, Value] = {"command": op, "call-id": call.hex(), "sdp": sdp}
    said["from-tag"], said["to-tag"] = tag_of(from_, profile), tag_of(to, profile)
    if transport:
        said["transport-protocol"], said["address-family"] = transport, family
    if not asked:
        said["label"] = _label(sdp)
    return b"d%b%be" % (bencode.encode(said)[1:-1], _ALIKE)


def _said(label: str) -> str:
    return "" if label == _NOTHING else base64.b64decode(label).decode()


def _label(sdp: str) -> str:
    """Return an SDP as one word: a recording's notes are lines."""
    return base64.b64encode(sdp.encode()).decode() if 0 < len(sdp) <= _NOTED else _NOTHING
