"""Admission: what a new call counts against, in which order it is asked, and what is given back where one refuses.

    the hotline's calls → the tenant's calls → the trunk's calls of this second → for each leg the first of its
    gateways that has a place: a channel, and one of its calls of this second

The first that is full refuses the call, and what was taken before is given back. A leg without a place does not ring,
the others do. A limit that is not set (None) is not asked at all.

A call id says of itself whether the call is counted and whether its length is limited, by its two lowest bits: for
the replies and the BYE of a call that nobody counts, nothing is looked up (kemi/decisions/0023).
"""

from typing import Final, NamedTuple, Protocol

from kemi.domain.events import Answered, Failed, Offered, OfferedLeg, Received

COUNTED, TIMED = 1, 2  # bits of a call id's last byte


class Counters(Protocol):
    """Counters that all workers share. Each call is atomic and takes well under a µs."""

    def more(self, key: str) -> int:
        """Count one more under `key`; return how many there are now."""

    def less(self, key: str) -> None:
        """Count one less."""

    def this_second(self, key: str, second: int, change: int) -> int:
        """Count `change` (1 or -1) more in this second (of the epoch); return how many there are now."""


class Limit(NamedTuple):
    """At most `most` under `key`; `words` is what the ledger says where there are more, `{}` standing for `most`."""

    key: str
    most: int
    words: str

    @property
    def reason(self) -> str:
        """What the ledger says."""
        return self.words.format(self.most)


class GatewayLimits(NamedTuple):
    """What a gateway allows: calls a second, channels at once."""

    rate: Limit | None
    channels: Limit | None


class Wanted(NamedTuple):
    """What a call wants to be counted against; `legs`: each leg's number and its gateways' limits, best first."""

    calls: tuple[Limit, ...] = ()
    rates: tuple[Limit, ...] = ()
    legs: tuple[tuple[int, tuple[GatewayLimits, ...]], ...] = ()


class Held(NamedTuple):
    """What a call holds while it lasts: keys of its own, and (attempt, key) for its channels."""

    calls: tuple[str, ...] = ()
    channels: tuple[tuple[str, str], ...] = ()

    def pack(self) -> str:
        """Return it as text for shared memory (`kemi.ksr.counters`), such as `h12 t3 0.0=g1 1.0=g1`."""
        return " ".join([*self.calls, *(f"{attempt}={key}" for attempt, key in self.channels)])

    @property
    def keys(self) -> tuple[str, ...]:
        """Every key once."""
        return tuple(dict.fromkeys([*self.calls, *(key for _, key in self.channels)]))


class Admitted(NamedTuple):
    """The call may ring, but for the legs in `full` (leg → reason); those in `moved` by another gateway (its index)."""

    held: Held
    full: dict[int, str]
    moved: dict[int, int]


class Over(NamedTuple):
    """The call may not ring, because of `limit`; nothing is held."""

    limit: Limit


def hotline_limit(hotline_id: int, most: int) -> Limit:
    """Return the limit of a hotline's concurrent calls."""
    return Limit(f"h{hotline_id}", most, "the hotline has {} calls at once, its most")


def tenant_limit(tenant_id: int, most: int) -> Limit:
    """Return the limit of a tenant's concurrent calls."""
    return Limit(f"t{tenant_id}", most, "the tenant has {} calls at once, its plan's most")


def trunk_rate(trunk_id: int, most: int) -> Limit:
    """Return the limit of the calls that a trunk may bring in a second."""
    return Limit(f"k{trunk_id}", most, "the trunk brings more than {} calls a second")


def gateway_limits(gateway_id: int, rate: int | None, channels: int | None) -> GatewayLimits:
    """Return what a gateway allows; None: as much as you like."""
    key = f"g{gateway_id}"
    return GatewayLimits(
        None if rate is None else Limit(key, rate, "the gateway takes {} calls a second"),
        None if channels is None else Limit(key, channels, "the gateway has {} channels, all taken"),
    )


def admit(wanted: Wanted, counters: Counters, now: float) -> Admitted | Over:
    """Count a call that is about to ring; `now` is seconds since the epoch.

    A call none of whose legs finds a place is `Over` by what its first leg met last.
    """
    second = int(now)
    calls: list[str] = []
    rates: list[str] = []

    def over(limit: Limit) -> Over:
        give_back(Held(tuple(calls)), counters)
        for key in rates:
            counters.this_second(key, second, -1)
        return Over(limit)

    for limit in wanted.calls:
        calls.append(limit.key)
        if counters.more(limit.key) > limit.most:
            return over(limit)
    for limit in wanted.rates:
        rates.append(limit.key)
        if counters.this_second(limit.key, second, 1) > limit.most:
            return over(limit)
    taken: list[tuple[str, str]] = []
    full: dict[int, Limit] = {}
    moved: dict[int, int] = {}
    for leg, gateways in wanted.legs:
        for index, gateway in enumerate(gateways):
            met = place(gateway, counters, second)
            if met is None:
                if index:
                    moved[leg] = index
                if gateway.channels is not None:
                    taken.append((f"{leg}.0", gateway.channels.key))
                full.pop(leg, None)
                break
            full[leg] = met
    if full and len(full) == len(wanted.legs):
        return over(next(iter(full.values())))
    return Admitted(Held(tuple(calls), tuple(taken)), {leg: met.reason for leg, met in full.items()}, moved)


def place(gateway: GatewayLimits, counters: Counters, second: int) -> Limit | None:
    """Take a place at a gateway; return the limit that is full, None where there was a place."""
    rate, channels = gateway
    if channels is not None and counters.more(channels.key) > channels.most:
        counters.less(channels.key)
        return channels
    if rate is not None and counters.this_second(rate.key, second, 1) > rate.most:
        counters.this_second(rate.key, second, -1)
        if channels is not None:
            counters.less(channels.key)
        return rate
    return None


def give_back(held: Held, counters: Counters) -> None:
    """Count down what a call holds that does not ring after all."""
    for key in [*held.calls, *(key for _, key in held.channels)]:
        counters.less(key)


def attempt_of(event: OfferedLeg | Failed | Answered) -> str:
    """Return what stands for an attempt at a member, within a call."""
    return f"{event.leg}.{event.attempt}"


def channels(event: Received | Offered) -> tuple[tuple[str, str], ...]:
    """Return the channels that the legs of `event` take: (attempt, key) of those whose gateway is counted."""
    keyed = ((attempt_of(one), f"g{one.gateway_id}") for one in event.legs) if event.counted else ()
    return tuple((attempt, key) for attempt, key in keyed if key in event.counted)


def held_by(event: Received) -> Held:
    """Return what the call of `event` holds."""
    return Held(tuple(key for key in event.counted if not key.startswith("g")), channels(event))


def marked(call: bytes, *, counted: bool = False, timed: bool = False) -> bytes:
    """Return a call id that says of itself whether the call is counted and whether its length is limited."""
    bits = COUNTED * counted | TIMED * timed
    return call[:-1] + bytes((call[-1] & ~(COUNTED | TIMED) | bits,))


def is_watched(call: str) -> bool:
    """Say whether a call, by its id as an event has it, is counted or limited in length."""
    return is_counted_id(call) or is_timed_id(call)


def is_counted_id(call: str) -> bool:
    """Say whether a call, by its id as an event has it, is counted."""
    return call[-1:] in COUNTED_DIGITS


def is_timed_id(call: str) -> bool:
    """Say whether a call's length is limited, by its id as an event has it."""
    return call[-1:] in _TIMED_DIGITS


COUNTED_DIGITS: Final = frozenset("13579bdf")
_TIMED_DIGITS: Final = frozenset("2367abef")
