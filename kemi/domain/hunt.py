"""What is still to come in a call that does not ring everybody at once: its waves, delays, other gateways. Pure.

Packed, it travels with tm's transaction, because whoever goes on may be another process (kemi/decisions/0020). Each
method is told what happened and returns the `Orders` for it:

    next_wave ── on_failure: nobody rings any more      failed ── on_branch_failure: one leg has ended
    struck    ── on_branch_failure of the clock: something is due (kemi/decisions/0021)
"""

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

import msgspec
from msgspec.structs import replace

from kemi.domain.events import OfferedLeg
from kemi.domain.redaction import Discreet, shown
from kemi.domain.routing import MAX_LEGS, Leg, leg_uri

_SOON_MS: Final = 20  # what is due so soon needs no clock of its own
_LIFE_RESERVE_MS: Final = 5000


class Attempt(Discreet, frozen=True, array_like=True, gc=False):
    """An INVITE, sent or to be sent: `leg` and `attempt` as in the ledger, through the gateway with id `gateway`.

    It rings from `after_ms` on, counted from its wave's beginning, for `ring_ms`. `others`: (gateway id, R-URI) to go
    on with, best first.
    """

    leg: int
    attempt: int
    uri: str
    gateway: int
    member: int
    number: str
    can_text: bool
    ring_ms: int
    after_ms: int = 0
    others: tuple[tuple[int, str], ...] = ()


class Orders(NamedTuple):
    """What to do now, in this order: end `stop`, ring `ring`, and set a clock for `clock_ms` (0: none).

    `ring_ms`: tm's ring time from now on (0: as it is). `wake`: the clock that runs is to strike at once.
    """

    ring: tuple[Attempt, ...] = ()
    stop: tuple[Attempt, ...] = ()
    clock_ms: int = 0
    ring_ms: int = 0
    wake: bool = False

    def __repr__(self) -> str:
        return shown(self, self._fields)


class More(NamedTuple):
    """What comes after the legs of `orders`; the call may ring for `life_ms`, a leg may say nothing for so long."""

    plan: "Hunt"
    orders: Orders
    life_ms: int
    first_response_ms: int


class Hunt(msgspec.Struct, array_like=True, gc=False):
    """A call's plan and how far it has come. Times are ms of the node's monotonic clock.

    `waves` have not begun; of the one that has, `waiting` ring later and `ringing` ring now. `blocks`: the headers of
    a leg but its Call-ID, by gateway id. `branches`: how many of tm's are used. `clocked`: a clock runs.
    `noted`: who takes the call is to be remembered (`longest_idle`). `ways`: where the
    INVITEs through a gateway are sent, by its id, where not to their R-URI.
    """

    waves: list[list[Attempt]]
    blocks: dict[int, str]
    began_ms: int = 0
    ring_ms: int = 0
    branches: int = 0
    clocked: bool = False
    noted: bool = False
    ways: dict[int, str] = {}
    waiting: list[Attempt] = []
    ringing: list[Attempt] = []

    def __repr__(self) -> str:
        return shown(self, self.__struct_fields__)

    def pack(self) -> str:
        """Return the hunt as text that a Kamailio AVP can hold."""
        return _encode(self).decode()

    def life_ms(self, first_response_ms: int) -> int:
        """Return how long the call may take at most, from before its first wave on."""
        waves = [max(one.after_ms + one.ring_ms for one in wave) for wave in self.waves]
        tries = [max(1 + len(one.others) for one in wave) for wave in self.waves]
        return sum(waves) + sum(tries) * first_response_ms + _LIFE_RESERVE_MS

    def member(self, leg: int) -> int | None:
        """Return the id of the member who rings as `leg`."""
        return next((one.member for one in self.ringing if one.leg == leg), None)

    def extend(self, waves: list[list[Attempt]], blocks: dict[int, str], ways: dict[int, str]) -> None:
        """Have more waves to come, and what is said of their gateways: the group's fallback.

        Who would need a branch that tm no longer has is left out: he would be told of a call that never reached him.
        """
        for wave in waves:
            if room := wave[: max(0, self._free())]:
                self.waves.append(room)
        self.blocks |= blocks
        self.ways |= ways

    def next_wave(self, now_ms: int) -> Orders | None:
        """Begin the next wave; None: there is none. Nobody rings."""
        if not self.waves:
            return None
        wave = self.waves.pop(0)
        self.waiting, self.ringing, self.clocked = wave, [], False
        self.began_ms = now_ms - min(one.after_ms for one in wave)  # nobody waits for nobody
        self.ring_ms = max(one.ring_ms for one in wave)
        return self._due(now_ms)._replace(ring_ms=self.ring_ms)

    def hold(self, now_ms: int, ms: int) -> Orders:
        """Begin the first wave in `ms`: the caller is told something before; until then only the clock runs."""
        wave = self.waves.pop(0)
        self.waiting, self.ringing, self.clocked = wave, [], False
        self.began_ms = now_ms + ms - min(one.after_ms for one in wave)
        self.ring_ms = max(ms + _LIFE_RESERVE_MS, *(one.ring_ms for one in wave))  # the clock's own time, too
        return self._due(now_ms)._replace(ring_ms=self.ring_ms)

    def failed(self, leg: int, attempt: int, *, unreached: bool) -> Orders:
        """Go on after a leg's end, to its next gateway where it was `unreached` (`is_unreached`)."""
        ended = next((one for one in self.ringing if one.leg == leg and one.attempt == attempt), None)
        if ended is None:
            return Orders()  # it is not ours any more
        self.ringing.remove(ended)
        if unreached and ended.others and self._free() > 0:
            again = _through_next(ended)
            self.ringing.append(again)
            self.branches += 1
            return Orders(ring=(again,))
        return Orders(wake=self.clocked and not self.ringing)

    def struck(self, now_ms: int) -> Orders:
        """Go on when the clock has struck: in time, or woken because nobody rings."""
        self.clocked = False
        instant = self._next_instant()
        if instant is None:
            return Orders()
        if instant > now_ms and not self.ringing:
            self.began_ms -= instant - now_ms
        return self._due(now_ms)

    def _due(self, now_ms: int) -> Orders:
        """Do what is due, and set the clock for what is next."""
        passed = now_ms + _SOON_MS - self.began_ms
        stop = tuple(one for one in self.ringing if self._stops(one) and one.after_ms + one.ring_ms <= passed)
        due = [one for one in self.waiting if one.after_ms <= passed]
        # Until its end is told, a stopped leg counts as ringing; it is not stopped again.
        self.ringing = [replace(one, ring_ms=self.ring_ms) if one in stop else one for one in self.ringing]
        self.waiting = [one for one in self.waiting if one not in due]
        self._start(due)
        instant = self._next_instant()
        if instant is None:
            return Orders(tuple(due), stop)
        if self._free() > 0:
            self.branches, self.clocked = self.branches + 1, True
            return Orders(tuple(due), stop, max(1, instant - now_ms))
        late, self.waiting = self.waiting, []  # tm has no branch left for a clock: they all ring now
        self._start(late)
        return Orders((*due, *late), stop)

    def _start(self, legs: Iterable[Attempt]) -> None:
        for one in legs:
            self.ringing.append(one)
            self.branches += 1

    def _next_instant(self) -> int | None:
        """Return when the next thing happens that tm's own timers do not do; None: there is none."""
        instants = [self.began_ms + one.after_ms for one in self.waiting]
        instants += [self.began_ms + one.after_ms + one.ring_ms for one in self.ringing if self._stops(one)]
        return min(instants, default=None)

    def _stops(self, one: Attempt) -> bool:
        return one.ring_ms < self.ring_ms

    def _free(self) -> int:
        """Return how many branches of tm nobody has a better right to."""
        return MAX_LEGS - self.branches - len(self.waiting) - sum(len(wave) for wave in self.waves)


_encode: Final = msgspec.json.Encoder().encode
unpack: Final = msgspec.json.Decoder(Hunt).decode


def attempts(waves: Iterable[Iterable[Leg]]) -> list[list[Attempt]]:
    """Return the legs of a decision as the hunt has them."""
    return [[_attempt(leg) for leg in wave] for wave in waves]


def is_needed(waves: Sequence[Sequence[Leg]]) -> bool:
    """Say whether there is more to a call than to ring everybody, once, equally long."""
    if len(waves) > 1:
        return True
    seconds = waves[0][0].ring_seconds
    return any(leg.others or leg.delay_seconds or leg.ring_seconds != seconds for leg in waves[0])


def offered(one: Attempt) -> OfferedLeg:
    """Return the attempt as the ledger is told of it."""
    return OfferedLeg(one.leg, one.attempt, one.member, one.number, one.gateway, one.can_text)


def is_unreached(code: int, *, by_timer: bool, replied: bool, rang: bool) -> bool:
    """Say whether a leg's end with `code` was its gateway's fault, so that another gateway may reach its member.

    `by_timer`: the code is tm's own; then `replied` tells whether anything had come. What has rung is not rung again.
    """
    if by_timer:
        return not replied
    return not rang and (code == 408 or 500 <= code < 600)


def _attempt(leg: Leg) -> Attempt:
    member = leg.member
    others = tuple((one.id, leg_uri(member, one)) for one in leg.others)
    return Attempt(
        leg.number, leg.attempt, leg.uri, leg.gateway.id, member.id, member.number, member.can_text,
        leg.ring_seconds * 1000, leg.delay_seconds * 1000, others,
    )  # fmt: skip


def _through_next(one: Attempt) -> Attempt:
    (gateway, uri), *others = one.others
    return replace(one, attempt=one.attempt + 1, gateway=gateway, uri=uri, others=tuple(others))
