"""What becomes of a message's SDP: scrubbed; through an rtpengine, where the voice is anchored; scrubbed again.

Before, because rtpengine keeps names, tools and candidates of the sender; after, because it is not asked to know what
may pass. Where no rtpengine answers, no address passes either: media is refused (port 0), not the call.
"""

from pathlib import Path

from kemi.domain import sdp, sounds
from kemi.domain.events import Side
from kemi.domain.media import (
    DIRECT,
    MIXED,
    SRTP,
    Change,
    anchored,
    in_reply,
    in_request,
    late_offer,
    node_of,
    other,
    profile_in,
    resumed,
    tag_of,
    with_profile,
)  # fmt: skip
from kemi.domain.model import TrunkAddress
from kemi.domain.recording import note_of
from kemi.domain.routing import Fork
from kemi.errors import NoMedia, NotAcceptable
from kemi.exchange import Exchange
from kemi.ports import Media
from kemi.tokens import Keyring


class Voice:
    """The way of a call's SDP; pure but for the rtpengines."""

    def __init__(self, keyring: Keyring, media: Media | None = None, sounds: Path | None = None) -> None:
        """`media`: the rtpengines; None: there are none, and every call's voice is direct. `sounds`: the folder."""
        self._keys = keyring
        self._media = media
        self._sounds = sounds

    def begin(
        self, call: bytes, trunk: TrunkAddress, fork: Fork, body: str, profiles: set[int]
    ) -> tuple[int, dict[int, str]]:  # fmt: skip
        """Return how the voice of a new call goes (`Exchange.media`), and the SDP for its legs by their profile.

        `profiles`: those of all gateways that it may come to; a direct call's legs all have the same SDP.

        Raises `ValueError` where the body cannot be read, `NoMedia` where no rtpengine answers and the trunk says so.
        """
        origin = self._keys.origin(call, "caller")
        description = sdp.read(body) if body else None
        clean = "" if description is None else description.shown_by(origin)
        if self._media is None or _is_direct(trunk, fork):
            return DIRECT, {0: clean}
        try:
            offer = "" if description is None else description.anchorable().shown_by(origin)
            node, found = self._media.place(call, offer, profiles)
        except NoMedia:
            if trunk.without_media == "direct":
                return DIRECT, {0: clean}
            raise
        media = anchored(node, late=not body)
        try:
            bodies = {profile: sdp.scrub(one, origin) if one else "" for profile, one in found.items()}
        except ValueError:
            self.over(call, media)
            raise
        return (media | MIXED if len(bodies) > 1 else with_profile(media, *bodies)), bodies

    def onward(self, exchange: Exchange, body: str) -> str:
        """Return the SDP of a request inside a call, as it goes on. Raises `ValueError`, `NoMedia`, `NotAcceptable`."""
        exchange.offered = bool(body)
        if not body:
            return ""
        description = sdp.read(body)
        if not exchange.media:
            return description.shown_by(self._keys.origin(exchange.call, exchange.side))
        change = in_request(exchange.method, exchange.side, exchange.media)
        if change is None:
            return ""
        if change.asked and description.is_fax and self._is_encrypted(exchange):
            # rtpengine forgets the key that a side knows, also where that refuses it; and a fax goes unencrypted.
            raise NotAcceptable("a fax by T.38 in a call with SRTP")
        try:
            said = self._through(exchange, change, description, exchange.side)
            if change.asked:
                exchange.asked = self._told(exchange, description, exchange.side)
            return said
        except NoMedia:
            if exchange.method != "ACK":
                raise
            return description.refused_by(self._keys.origin(exchange.call, exchange.side))  # nobody can answer an ACK

    def back(self, exchange: Exchange, description: sdp.Description, code: int) -> str:
        """Return the SDP of a reply with `code`, as it goes back to the sender of `exchange`."""
        side = other(exchange.side)
        if not exchange.media:
            return description.shown_by(self._keys.origin(exchange.call, side))
        change = in_reply(exchange.method, exchange.side, code, exchange.media, offered=exchange.offered)
        if change is None:
            return ""
        if not exchange.token and not exchange.offered:
            change = late_offer(exchange.media, exchange.ip)
        try:
            answer = self._through(exchange, change, description, side)
        except NoMedia:
            return description.refused_by(self._keys.origin(exchange.call, side)) if code >= 200 else ""
        if exchange.asked and code >= 200 and self._media is not None:
            tag = tag_of(exchange.side, change.profile)
            self._media.note(node_of(exchange.media), exchange.call, tag, exchange.asked)
        return answer

    def undo(self, exchange: Exchange) -> None:
        """What `exchange` asked for was refused: the voice goes as it did before (kemi/decisions/0056).

        Raises `NoMedia` where the rtpengine does not answer.
        """
        if self._media is None or not exchange.asked:
            return
        node, profile, side = node_of(exchange.media), profile_in(exchange.media), exchange.side
        if (noted := self._media.noted(node, exchange.call)) is None:
            return
        if not noted:  # the call was over, and this offer began a session anew
            self._media.delete(node, exchange.call)
        ours, theirs = (noted.get(tag_of(one, profile), "") for one in (side, other(side)))
        if ours:
            self._media.change(node, exchange.call, Change("offer", side, other(side), profile), ours)
        if ours and theirs:
            self._media.change(node, exchange.call, Change("answer", side, other(side), profile), theirs)

    def ear(self, exchange: Exchange, body: str) -> str:
        """Return how a caller who offered `body` is to hear a sound (`kemi.domain.sounds`); "": he cannot."""
        return sounds.ear(body) if exchange.media and body and not exchange.reliable else ""

    def waits(self, exchange: Exchange, sound: str, *, once: bool = False) -> str:
        """Let the caller hear a sound (`sounds.heard`) until `hush`; return the SDP that says where it comes from.

        Raises `NoMedia` where it cannot be heard, `ValueError`.
        """
        name, _, stand_in = sound.partition("\n")
        if self._media is None or self._sounds is None or not (file := self._sounds / name).exists():
            raise NoMedia(f"there is no sound {name}")
        answer = self._through(
            exchange, Change("answer", "caller", "member", profile_in(exchange.media)), sdp.read(stand_in), "member"
        )
        self._media.play(node_of(exchange.media), exchange.call, str(file), once=once)
        return answer

    def hush(self, exchange: Exchange) -> None:
        """Somebody has answered: no more music."""
        if self._media is not None:
            self._media.hush(node_of(exchange.media), exchange.call)

    def record(self, exchange: Exchange, answer: str) -> None:
        """Record the call from now on; `answer`: the SDP that the caller is shown."""
        if self._media is not None and exchange.media:
            self._media.record(node_of(exchange.media), exchange.call, note_of(answer))

    def over(self, call: bytes, media: int) -> None:
        """The call has ended: so does its session."""
        if media and self._media is not None:
            self._media.delete(node_of(media), call)

    def _is_encrypted(self, exchange: Exchange) -> bool:
        """Say whether a side speaks SRTP: the gateway by its row, the caller by what he has said."""
        if profile_in(exchange.media) & SRTP or self._media is None:
            return bool(profile_in(exchange.media) & SRTP)
        noted = self._media.noted(node_of(exchange.media), exchange.call) or {}
        return any("RTP/SAVP" in said for said in noted.values())

    def _through(self, exchange: Exchange, change: Change, description: sdp.Description, side: Side) -> str:
        if self._media is None:  # this edge was started without the rtpengines that the call began with
            raise NoMedia("no rtpengine is configured")
        said = self._told(exchange, description, side)
        if exchange.token:
            change = resumed(change, exchange.method, exchange.media)
        found = self._media.change(node_of(exchange.media), exchange.call, change, said)
        try:
            return sdp.scrub(found, self._keys.origin(exchange.call, side))
        except ValueError as error:  # seen once in 20,000 calls: a fax's answer became RTP/AVP without a format
            raise NoMedia(f"what the rtpengine says cannot be read: {error}") from error

    def _told(self, exchange: Exchange, description: sdp.Description, side: Side) -> str:
        return description.anchorable().shown_by(self._keys.origin(exchange.call, side))


def _is_direct(trunk: TrunkAddress, fork: Fork) -> bool:
    """Say whether all agree; a group that falls back to others may come to gateways that do not."""
    if trunk.media != "direct" or (fork.group.fallback_group, fork.group.fallback_number) != (None, None):
        return False
    return all(one.media == "direct" for wave in fork.waves for leg in wave for one in (leg.gateway, *leg.others))
