"""Admission: what a new call counts against, in which order it is asked, and what is given back where one refuses.

    the hotline's calls → the tenant's calls → the trunk's calls of this second → each leg's gateway: its calls of
    this second, its channels

The first that is full refuses the call, and what was taken before is given back. A gateway that is full refuses only
its legs: the others ring. A limit that is not set (None) is not asked at all.

A call id says of itself whether the call is counted and whether its length is limited, by its two lowest bits: for
the replies and the BYE of a call that nobody counts, nothing is looked up (kemi/decisions/0023).
"""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

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
    """What a call wants to be counted against; `legs` holds each leg's number and its gateway's limits."""

    calls: tuple[Limit, ...] = ()
    rates: tuple[Limit, ...] = ()
    legs: tuple[tuple[int, GatewayLimits], ...] = ()


class Held(NamedTuple):
    """What a call holds while it lasts: keys of its own, and (leg, key) for its channels."""

    calls: tuple[str, ...] = ()
    channels: tuple[tuple[int, str], ...] = ()

    def pack(self) -> str:
        """Return it as text for shared memory (`kemi.ksr.counters`), such as `h12 t3 0=g1 1=g1`."""
        return " ".join([*self.calls, *(f"{leg}={key}" for leg, key in self.channels)])

    @property
    def keys(self) -> tuple[str, ...]:
        """Every key once."""
        return tuple(dict.fromkeys([*self.calls, *(key for _, key in self.channels)]))


class Admitted(NamedTuple):
    """The call may ring, but for the legs in `full` (leg → reason)."""

    held: Held
    full: dict[int, str]


class Over(NamedTuple):
    """The call may not ring; nothing is held."""

    reason: str


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

    A call none of whose legs finds a place is `Over` with the first leg's reason.
    """
    second = int(now)
    calls: list[str] = []
    rates: list[str] = []

    def give_back() -> None:
        for key in calls:
            counters.less(key)
        for key in rates:
            counters.this_second(key, second, -1)

    for limit in wanted.calls:
        calls.append(limit.key)
        if counters.more(limit.key) > limit.most:
            give_back()
            return Over(limit.reason)
    for limit in wanted.rates:
        rates.append(limit.key)
        if counters.this_second(limit.key, second, 1) > limit.most:
            give_back()
            return Over(limit.reason)
    channels, full = _channels(wanted.legs, counters, second)
    if full and len(full) == len(wanted.legs):
        give_back()
        return Over(next(iter(full.values())))
    return Admitted(Held(tuple(calls), channels), full)


def _channels(
    legs: Sequence[tuple[int, GatewayLimits]], counters: Counters, second: int
) -> tuple[tuple[tuple[int, str], ...], dict[int, str]]:
    """Take a place at its gateway for each leg; return the channels held, and the legs that found none."""
    held: list[tuple[int, str]] = []
    full: dict[int, str] = {}
    for leg, (rate, channels) in legs:
        if channels is not None and counters.more(channels.key) > channels.most:
            counters.less(channels.key)
            full[leg] = channels.reason
            continue
        if rate is not None and counters.this_second(rate.key, second, 1) > rate.most:
            counters.this_second(rate.key, second, -1)
            if channels is not None:
                counters.less(channels.key)
            full[leg] = rate.reason
            continue
        if channels is not None:
            held.append((leg, channels.key))
    return tuple(held), full


def marked(call: bytes, *, counted: bool = False, timed: bool = False) -> bytes:
    """Return a call id that says of itself whether the call is counted and whether its length is limited."""
    bits = COUNTED * counted | TIMED * timed
    return call[:-1] + bytes((call[-1] & ~(COUNTED | TIMED) | bits,))


def is_counted(call: bytes) -> bool:
    """Say whether a call is counted, by its id."""
    return bool(call[-1] & COUNTED)


def is_timed(call: bytes) -> bool:
    """Say whether a call's length is limited, by its id."""
    return bool(call[-1] & TIMED)


def is_watched(call: str) -> bool:
    """Say whether a call, by its id as an event has it, is counted or limited in length."""
    try:
        return bool(int(call[-1:], 16) & (COUNTED | TIMED))
    except ValueError:  # not an id of ours
        return False
