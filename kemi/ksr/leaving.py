"""One leg as it leaves: its own headers, its next hop, its SDP where gateways differ, and what its branch remembers."""

from typing import Any, Final

import KSR
import msgspec

from kemi.domain.gateways import read_path
from kemi.ksr import callbacks, signalling
from kemi.ksr.callbacks import guarded
from kemi.ksr.giving import PROFILE, Giving
from kemi.ksr.truth import must
from kemi.tokens import Keyring
from kemi.voice import Voice

CLOCK: Final = 1 << 14  # of a branch's flags: it is no leg at all (kemi.ksr.hunting)
_BODIES: Final = "$avp(bodies)"
_unpack: Final = msgspec.json.Decoder(dict[int, str]).decode
_get = KSR.pv.get


class Leaving(Giving):
    """The branch route. What stands here is of the INVITEs that are being sent right now."""

    def __init__(self, keyring: Keyring, host: str, voice: Voice) -> None:
        """See `Giving`."""
        super().__init__(keyring, host, voice)
        self._blocks: dict[str, str] = {}  # R-URI → headers
        self._ways: dict[str, str] = {}  # R-URI → how it goes (`kemi.domain.gateways.path`), where not as all do
        self._marks: dict[str, int] = {}  # R-URI → its branch's flags, where there is more to come
        self._bodies: dict[int, str] = {}  # profile → SDP, where gateways have several

    def _carry(self, bodies: dict[int, str], content_type: str) -> None:
        """Put the SDP of a call's legs into the INVITE at hand; or keep it, where each leg has its own."""
        self._bodies = bodies if len(bodies) > 1 else {}
        if self._bodies:
            KSR.pv.sets(_BODIES, msgspec.json.encode(bodies).decode())
        else:
            signalling.put_body(next(iter(bodies.values())), content_type)

    def _carry_on(self) -> None:
        """Have the SDP of legs that leave later at hand."""
        kept = _get(_BODIES)
        self._bodies = {} if kept is None else _unpack(kept)

    @guarded(callbacks.drop)
    def on_branch(self, msg: Any) -> int:
        """One leg, about to leave: it gets what is its own, or it does not leave."""
        del msg
        uri = _get("$ru")
        signalling.put_headers(self._blocks[uri])
        profile, way = read_path(self._ways[uri]) if uri in self._ways else (0, "")
        if way:
            must(KSR.setdsturi(way), "setdsturi")
        mark = self._marks.get(uri, 0)
        if self._bodies:
            signalling.put_body("" if mark & CLOCK else self._bodies[profile], "any")
            mark |= profile << PROFILE
        if self._marks or self._bodies:
            must(KSR.pv.seti("$bf", mark), "$bf")  # it has the clock's, where the clock has struck
        return 1
