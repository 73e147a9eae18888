"""A call comes in: who is called, what is decided, and the legs as they go on the wire."""

import time
from collections.abc import Callable, Iterable
from typing import Final, NamedTuple

from msgspec.structs import replace

from kemi import deciding, offering, tokens
from kemi.admission import Admission
from kemi.domain import hunt, sounds
from kemi.domain.addresses import Hop
from kemi.domain.events import Received, Refused
from kemi.domain.hunt import More
from kemi.domain.identity import Caller, caller
from kemi.domain.limits import Held, is_counted_id, marked
from kemi.domain.media import DIRECT, profile_of
from kemi.domain.media import recorded as recorded_media
from kemi.domain.model import Group, TrunkAddress
from kemi.domain.redaction import shown
from kemi.domain.routing import QUIET, Fork, Present, Refuse
from kemi.errors import NoMedia, TokenTooLong
from kemi.exchange import Exchange, Taken, exchange_of
from kemi.offering import After, Legs, Rest, unpack_rest
from kemi.ports import RoutingTable
from kemi.receiving import received, recorded
from kemi.voice import Voice

_DAY: Final = 86_400


class Ring(NamedTuple):
    """An INVITE ready to fork: `blocks` holds the headers of each leg, by its R-URI; `call_ids` the legs' Call-IDs.

    `seconds`: how long they may talk; 0: as long as they like. `hunt`: what comes after these legs, if anything does;
    `rest`: what `Calls.after` needs when nobody has answered, None where that is the end. `music`: what the caller
    hears while it rings (`Voice.waits`), "": ringback; `announcement`: what he hears before. `bodies`: the SDP of legs,
    by their profile.
    """

    exchange: Exchange
    uris: tuple[str, ...]
    blocks: dict[str, str]
    bodies: dict[int, str]
    ring_ms: int
    event: Received
    call_ids: tuple[str, ...]
    all_refused_code: int
    seconds: int = 0
    first_sounds: bool = False
    ways: dict[str, str] | None = None
    hunt: More | None = None
    rest: str | None = None
    music: str = ""
    announcement: str = ""

    @property
    def block(self) -> str:
        """Headers of a leg, whichever: all show the caller's token."""
        blocks = self.blocks or (self.hunt.plan.blocks if self.hunt else {})
        return str(next(iter(blocks.values())))

    def __repr__(self) -> str:
        return shown(self, self._fields)


class Turned(NamedTuple):
    """An INVITE that is refused with `code`."""

    code: int
    event: Refused


class Calls:
    """Decides on initial INVITEs. Pure but for the routing table it reads."""

    def __init__(
        self, table: RoutingTable, keyring: tokens.Keyring, host: str, now: Callable[[], float],
        admission: Admission | None = None, present: Present = QUIET, longest: int = _DAY,
        monotonic: Callable[[], float] = time.monotonic, voice: Voice | None = None,
    ) -> None:  # fmt: skip
        """`host`: what the edge calls itself in its messages (address, or address:port); `now`: epoch seconds.

        `admission` asks the limits (None: there are none); `longest`: the longest call there can be, s; `voice`: where
        SDP goes through (None: straight on).
        """
        self._table = table
        self._keys = keyring
        self._host = host
        self._legs = Legs(keyring, host)
        self._now = now
        self._admission = admission
        self._present = present
        self._longest = longest
        self._monotonic = monotonic
        self._voice = voice or Voice(keyring)

    def invite(
        self, trunk: TrunkAddress, source: Hop, dialled: str, taken: Taken, body: str, entropy: bytes
    ) -> Ring | Turned:
        """Decide on an INVITE from `trunk` for the R-URI user `dialled`.

        Raises `ValueError` for a message that cannot be read (the caller gets 400).
        """
        call = tokens.new_call(self._now(), entropy)
        who = caller(taken.from_, taken.asserted, taken.privacy)
        decision = deciding.decide(self._table, dialled, who, self._now(), self._present)
        if taken.unknown_extensions():
            decision = Refuse(420, "the caller requires an extension we do not know")
        held: Held | None = None
        if isinstance(decision, Fork) and self._admission is not None:
            decision, held = self._admission.admit(trunk, decision, self._now())
        if isinstance(decision, Refuse):
            return self._turned(call, trunk, dialled, taken, who, decision)
        seconds = self._seconds(decision)
        call = marked(call, counted=held is not None, timed=seconds > 0)
        exchange = exchange_of(call, "caller", "INVITE", taken, source, trunk.trunk_id, 0, dialled)
        exchange.offered = bool(body)
        event = received(call, trunk, decision, who, recorded(taken.call_id, who), held)
        try:
            profiles = self._profiles(decision)
            exchange.media, bodies = self._voice.begin(call, trunk, decision, body, profiles)
            ear = self._voice.ear(exchange, body)
            exchange.record = self._record(exchange, decision, ear)
            return self._ring(decision, exchange, event, taken, bodies, seconds, ear)
        except Exception as wrong:  # what is counted has its end in the ledger, or is counted no more
            self._voice.over(call, exchange.media)
            if self._admission is not None and held is not None:
                self._admission.give_back(held)
            if isinstance(wrong, TokenTooLong | NoMedia):
                code = 513 if isinstance(wrong, TokenTooLong) else 503
                return self._turned(call, trunk, dialled, taken, who, Refuse(code, str(wrong), decision.hotline))
            raise

    def _ring(
        self, fork: Fork, exchange: Exchange, event: Received, taken: Taken, bodies: dict[int, str], seconds: int,
        ear: str,
    ) -> Ring:  # fmt: skip
        offer = offering.read(exchange, taken)
        headers, ways = self._legs.headers(fork, exchange, offer), self._legs.ways(fork)
        call_ids = tuple(self._legs.call_id(exchange.call, leg.number, leg.attempt) for leg in fork.legs)
        named = zip(fork.legs, call_ids, strict=True)
        blocks = {leg.uri: f"Call-ID: {call_id}\r\n{headers[leg.gateway.id]}" for leg, call_id in named}
        uris = tuple(leg.uri for leg in fork.legs)
        group = fork.group
        ring = Ring(
            exchange, uris, blocks, bodies, group.ring_seconds * 1000, event, call_ids, group.all_refused_code, seconds,
            group.early_media == "first", _by_uri(ways, ((leg.uri, leg.gateway.id) for leg in fork.legs)),
            music=sounds.heard(group.waiting_sound, ear), announcement=sounds.heard(group.announcement, ear),
        )  # fmt: skip
        rest = offering.rest(fork, offer, event, ear)
        if rest is None and not ring.announcement and not hunt.is_needed(fork.waves):
            return ring
        return self._hunting(ring, fork, headers, rest, group.announcement_ms if ring.announcement else 0)

    def after(self, rest: str, exchange: Exchange) -> After | int | None:
        """Return who rings when nobody has answered (the group's fallback), or the caller's final code; None: no more.

        `rest` is what the ring had; raises `TableUnavailable`, `TokenTooLong`.
        """
        was = unpack_rest(rest)
        self._table.look()
        who = Caller(was.caller, was.withheld)
        decision = deciding.resume(self._table, was.hotline, was.passed, was.first, who, self._now(), self._present)
        if decision is None:
            return None
        if isinstance(decision, Refuse):
            return decision.code
        group = decision.group
        is_same = group.id == was.passed[-1]  # its own number rings now, by what has been heard and told already
        record = exchange.record if is_same else self._record(exchange, decision, was.ear)
        headers = self._legs.headers(decision, exchange, was.offer)
        more = offering.rest(decision, was.offer, was, was.ear)
        announcement = "" if is_same else sounds.heard(group.announcement, was.ear)
        return After(
            hunt.attempts(decision.waves), headers, self._legs.ways(decision), None if more is None else more.pack(),
            record, announcement, group.announcement_ms if announcement else 0,
            sounds.heard(group.waiting_sound, was.ear), sounds.heard(sounds.RINGBACK, was.ear),
            group.early_media == "first", is_same,
        )  # fmt: skip

    def place(self, call: str, gateway_id: int) -> tuple[str, ...] | None:
        """Take a place at a gateway for a leg of `call` that leaves later; return what counts it, None: it is full."""
        if self._admission is None or not is_counted_id(call):
            return ()
        self._table.look()
        gateway = self._table.gateway(gateway_id)
        return None if gateway is None else self._admission.place(gateway, self._now())

    @staticmethod
    def _record(exchange: Exchange, fork: Fork, ear: str) -> int:
        """Return `Exchange.record` from now on, as tokens have it, too; 0 where he cannot be told before (0055)."""
        told = not fork.group.announcement
        days = 0 if exchange.media == DIRECT or not (told or ear) else fork.group.record_days or 0
        exchange.media = recorded_media(exchange.media, records=days > 0 and told)  # else they cannot know yet
        return days

    def _profiles(self, fork: Fork) -> set[int]:
        """Return the profiles of all gateways that the call may come to, by its group's fallbacks, too."""
        found = {profile_of(one) for wave in fork.waves for leg in wave for one in (leg.gateway, *leg.others)}
        group: Group | None = fork.group
        seen: set[int] = set()
        while group is not None and group.id not in seen and (group.fallback_group or group.fallback_number):
            seen.add(group.id)
            group = group if group.fallback_group is None else self._table.group(group.fallback_group)
            ids = () if group is None else group.gateways
            found |= {profile_of(one) for one in map(self._table.gateway, ids) if one is not None}
        return found

    def _seconds(self, fork: Fork) -> int:
        """Return how long a call may last; 0: as long as they like, and a day is so long that nobody needs to watch."""
        wanted = None if fork.plan is None else fork.plan.max_call_seconds
        if wanted is None:
            return self._longest if self._longest < _DAY else 0
        return min(wanted, self._longest)

    def _hunting(self, ring: Ring, fork: Fork, headers: dict[int, str], rest: Rest | None, hold_ms: int) -> Ring:
        """Return the beginning of a call that has more to come; nobody rings before `hold_ms`."""
        first_response_ms = max(leg.gateway.first_response_ms for wave in fork.waves for leg in wave)
        plan = hunt.Hunt(
            hunt.attempts(fork.waves), headers, noted=fork.group.strategy == "longest_idle", ways=self._legs.ways(fork)
        )
        life_ms = plan.life_ms(first_response_ms) + hold_ms
        now_ms = int(self._monotonic() * 1000)
        orders = plan.hold(now_ms, hold_ms) if hold_ms else plan.next_wave(now_ms) or hunt.Orders()
        call_ids = tuple(self._legs.call_id(ring.exchange.call, one.leg, one.attempt) for one in orders.ring)
        named = zip(orders.ring, call_ids, strict=True)
        return ring._replace(
            uris=tuple(one.uri for one in orders.ring),
            blocks={one.uri: f"Call-ID: {call_id}\r\n{headers[one.gateway]}" for one, call_id in named},
            ways=_by_uri(plan.ways, ((one.uri, one.gateway) for one in orders.ring)),
            ring_ms=orders.ring_ms,
            event=replace(ring.event, legs=tuple(map(hunt.offered, orders.ring)), ring_seconds=life_ms // 1000),
            call_ids=call_ids,
            hunt=More(plan, orders, life_ms, first_response_ms),
            rest=None if rest is None else rest.pack(),
        )

    def _turned(self, call: bytes, trunk: TrunkAddress, dialled: str, taken: Taken, who: Caller, why: Refuse) -> Turned:
        hotline = why.hotline
        event = Refused(
            call.hex(), trunk.trunk_id, hotline.tenant_id if hotline else None, hotline.id if hotline else None,
            dialled, who.number, who.withheld, recorded(taken.call_id, who), why.reason, why.code,
        )  # fmt: skip
        return Turned(why.code, event)


def _by_uri(ways: dict[int, str], legs: Iterable[tuple[str, int]]) -> dict[str, str]:
    return {uri: ways[gateway] for uri, gateway in legs if gateway in ways} if ways else {}
