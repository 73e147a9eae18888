"""What becomes of a message's SDP: scrubbed; through an rtpengine, where the voice is anchored; scrubbed again.

Before, because rtpengine keeps names, tools and candidates of the sender; after, because it is not asked to know what
may pass. Where no rtpengine answers, no address passes either: media is refused (port 0), not the call.
"""

from kemi.domain import sdp
from kemi.domain.events import Side
from kemi.domain.media import DIRECT, Change, anchored, in_reply, in_request, node_of, other
from kemi.domain.model import TrunkAddress
from kemi.domain.routing import Fork
from kemi.errors import NoMedia
from kemi.exchange import Exchange
from kemi.ports import Media
from kemi.tokens import Keyring


class Voice:
    """The way of a call's SDP; pure but for the rtpengines."""

    def __init__(self, keyring: Keyring, media: Media | None = None) -> None:
        """`media`: the rtpengines; None: there are none, and every call's voice is direct."""
        self._keys = keyring
        self._media = media

    def begin(self, call: bytes, trunk: TrunkAddress, fork: Fork, body: str) -> tuple[int, str]:
        """Return how the voice of a new call goes (`Exchange.media`), and the SDP for its legs.

        Raises `ValueError` where the body cannot be read, `NoMedia` where no rtpengine answers and the trunk says so.
        """
        origin = self._keys.origin(call, "caller")
        clean = sdp.scrub(body, origin) if body else ""
        if self._media is None or _is_direct(trunk, fork):
            return DIRECT, clean
        try:
            node, found = self._media.place(call, clean)
        except NoMedia:
            if trunk.without_media == "direct":
                return DIRECT, clean
            raise
        return anchored(node, late=not body), sdp.scrub(found, origin) if found else ""

    def onward(self, exchange: Exchange, body: str) -> str:
        """Return the SDP of a request inside a call, as it goes on. Raises `ValueError`, `NoMedia`."""
        if not body:
            return ""
        description = sdp.read(body)
        if not exchange.media:
            return description.shown_by(self._keys.origin(exchange.call, exchange.side))
        change = in_request(exchange.method, exchange.side, exchange.media)
        if change is None:
            return ""
        try:
            return self._through(exchange, change, description, exchange.side)
        except NoMedia:
            if exchange.method != "ACK":
                raise
            return description.refused_by(self._keys.origin(exchange.call, exchange.side))  # nobody can answer an ACK

    def back(self, exchange: Exchange, description: sdp.Description, code: int) -> str:
        """Return the SDP of a reply with `code`, as it goes back to the sender of `exchange`."""
        side = other(exchange.side)
        if not exchange.media:
            return description.shown_by(self._keys.origin(exchange.call, side))
        change = in_reply(exchange.method, exchange.side, code, offered=exchange.offered)
        if change is None:
            return ""
        try:
            return self._through(exchange, change, description, side)
        except NoMedia:
            return description.refused_by(self._keys.origin(exchange.call, side)) if code >= 200 else ""

    def over(self, call: bytes, media: int) -> None:
        """The call has ended: so does its session."""
        if media and self._media is not None:
            self._media.delete(node_of(media), call)

    def _through(self, exchange: Exchange, change: Change, description: sdp.Description, side: Side) -> str:
        if self._media is None:  # this edge was started without the rtpengines that the call began with
            raise NoMedia("no rtpengine is configured")
        origin = self._keys.origin(exchange.call, side)
        found = self._media.change(node_of(exchange.media), exchange.call, change, description.shown_by(origin))
        return sdp.scrub(found, origin)


def _is_direct(trunk: TrunkAddress, fork: Fork) -> bool:
    """Say whether all agree; a group that falls back to others may come to gateways that do not."""
    if trunk.media != "direct" or (fork.group.fallback_group, fork.group.fallback_number) != (None, None):
        return False
    return all(one.media == "direct" for wave in fork.waves for leg in wave for one in (leg.gateway, *leg.others))
