"""A call's hunt, played to its end against a tm made of a heap: whatever the legs do, everybody rings, and once."""

import heapq
from typing import Final, NamedTuple

from hypothesis import assume, given
from hypothesis import strategies as st

from kemi.domain import hunt
from kemi.domain.hunt import Attempt, Hunt, Orders
from kemi.domain.routing import MAX_LEGS
from tests.unit.test_hunt import BEGIN, attempt, hunting

SLACK_MS: Final = 30  # instants within 20 ms are one, and each message takes one


class Event(NamedTuple):
    """Something that happens in the played call; `attempt` -1: the clock's strike, by its serial number `leg`."""

    at_ms: int
    leg: int
    attempt: int
    unreached: bool


class Rung(NamedTuple):
    """An INVITE left; `alone`: nobody rang just before."""

    at_ms: int
    one: Attempt
    alone: bool


class Played:
    """tm, played: what is ordered happens, legs end as they are told to, and nobody answers."""

    def __init__(self, plan: Hunt, fates: list[tuple[int, bool]]) -> None:
        self.plan, self.fates = plan, fates
        self.now, self.ring_ms, self.clock = BEGIN, 0, 0
        self.events: list[Event] = []
        self.open: set[tuple[int, int]] = set()
        self.rang: list[Rung] = []
        self.ended: dict[int, int] = {}
        self.strikes, self.silent_ms = 0, 0

    def obey(self, orders: Orders) -> None:
        self.ring_ms = orders.ring_ms or self.ring_ms
        for one in orders.stop:
            assert (one.leg, one.attempt) in self.open
            heapq.heappush(self.events, Event(self.now + 1, one.leg, one.attempt, False))
        alone = not self.open
        for one in orders.ring:
            lasts, unreached = self.fates[(one.leg * 3 + one.attempt) % len(self.fates)]
            at = self.now + min(lasts, self.ring_ms)
            heapq.heappush(self.events, Event(at, one.leg, one.attempt, unreached and lasts < self.ring_ms))
            self.open.add((one.leg, one.attempt))
            self.rang.append(Rung(self.now, one, alone))
        if orders.clock_ms:
            assert self.clock == 0, "two clocks"
            self.strikes += 1
            self.clock = self.strikes
            heapq.heappush(self.events, Event(self.now + orders.clock_ms, self.clock, -1, False))
        if orders.wake:
            assert self.clock
            heapq.heappush(self.events, Event(self.now + 1, self.clock, -1, False))

    def play(self) -> None:
        """Play to the end: every wave, until tm has no branch open."""
        while (orders := self.plan.next_wave(self.now)) is not None:
            self.obey(orders)
            assert self.open, "a wave in which nobody rings"
            while self.events and (self.open or self.clock):
                self._happens(heapq.heappop(self.events))
            self.events.clear()

    def _happens(self, event: Event) -> None:
        if not self.open:
            self.silent_ms += event.at_ms - self.now
        if event.attempt == -1:
            if event.leg == self.clock:
                self.now, self.clock = event.at_ms, 0
                self.obey(self._repacked().struck(self.now))
        elif (event.leg, event.attempt) in self.open:
            self.now = event.at_ms
            self.open.remove((event.leg, event.attempt))
            self.ended[event.leg] = self.now
            orders = self._repacked().failed(event.leg, event.attempt, unreached=event.unreached)
            self.obey(orders)

    def _repacked(self) -> Hunt:
        self.plan = hunt.unpack(self.plan.pack())
        return self.plan


@st.composite
def plans(draw: st.DrawFn) -> list[list[Attempt]]:
    """Up to 30 members in waves, of all times and numbers of gateways."""
    sizes = draw(st.lists(st.integers(1, 6), min_size=1, max_size=5))
    leg, waves = 0, []
    for size in sizes:
        wave = []
        for _ in range(size):
            ring, after = draw(st.integers(5, 60)) * 1000, draw(st.sampled_from([0, 0, 0, 1, 2, 5, 30])) * 1000
            wave.append(attempt(leg, ring, after, draw(st.integers(0, 2))))
            leg += 1
        waves.append(wave)
    return waves


FATES = st.lists(st.tuples(st.sampled_from([1, 50, 3000, 20_000, 10**6]), st.booleans()), min_size=1, max_size=9)


@given(waves=plans(), fates=FATES)
def test_whatever_the_legs_do_everybody_rings_once_and_in_turn(
    waves: list[list[Attempt]], fates: list[tuple[int, bool]]
) -> None:
    """Each member once a gateway, waves in order, no more than tm's branches, and no silence but a wink."""
    played = Played(hunting(*waves), fates)
    played.play()
    rung = [(one.leg, one.attempt) for _, one, _ in played.rang]
    assert len(set(rung)) == len(rung)
    assert {leg for leg, _ in rung} == {one.leg for wave in waves for one in wave}
    assert len(rung) + played.strikes == played.plan.branches <= MAX_LEGS
    of_wave = {one.leg: number for number, wave in enumerate(waves) for one in wave}
    order = [of_wave[leg] for leg, _ in rung]
    assert order == sorted(order)
    assert played.silent_ms <= len(rung) + played.strikes


@given(waves=plans())
def test_if_nobody_answers_each_rings_from_his_time_to_his_time(waves: list[list[Attempt]]) -> None:
    """As long as tm has branches for the clocks; sooner only where nobody else rang."""
    played = Played(hunting(*waves), [(10**6, False)])
    played.play()
    instants = sum(len({one.after_ms for one in wave} | {one.after_ms + one.ring_ms for one in wave}) for wave in waves)
    assume(sum(len(wave) for wave in waves) + instants <= MAX_LEGS)
    began = {rung.one.leg: rung for rung in played.rang}
    for wave in waves:
        first = min(wave, key=lambda one: one.after_ms)
        for one in wave:
            early = began[first.leg].at_ms + one.after_ms - first.after_ms - began[one.leg].at_ms
            assert early >= -SLACK_MS
            assert early <= SLACK_MS or any(began[other.leg].alone for other in wave if other is not first)
            assert (
                0
                <= began[one.leg].at_ms + one.ring_ms - played.ended[one.leg] + SLACK_MS
                <= 2 * SLACK_MS + max(0, early)
            )
