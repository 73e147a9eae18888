"""A network that loses packets on purpose, or makes them wait while something else happens.

A relay at a role's address, with the role's SIPp at a hidden one behind it:

    edge ⇄ the role's address [relay] inner ⇄ SIPp at the hidden address, on the same port number

The edge sees the role's address alone; what the relay loses of what comes from it, a capture has all the same.
Nothing of the machine's own network is changed, so it needs no firewall and disturbs nobody's.
"""

import socket
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Final, Self

from deploy.wait import readable
from sipp_scenarios.scenario import Loss, Step
from tests.sip.message import Address, parse

_MOST: Final = 65535


class Road:
    """From a role to the edge, without a relay. `ends`: where its SIPp is, and what that takes for the edge."""

    def __init__(self, me: Address, edge: Address) -> None:
        self.ends: tuple[Address, Address] = me, edge

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def complaints(self) -> str:
        """Nothing was to be lost."""
        return ""


class Lossy(Road):
    """The relay of one role. What it complains of, `complaints` says."""

    def __init__(
        self, outside: Address, edge: Address, hidden: str, losses: Sequence[Loss], steps: Sequence[Step] = (),
        act: Callable[[Step], None] = print,
    ) -> None:  # fmt: skip
        """`act` does a step and returns when it is done."""
        self._edge, self._party = edge, (hidden, outside[1])
        self._losses = {loss.what: loss for loss in losses}
        self._lost: Counter[str] = Counter()
        self._steps, self._act = list(steps), act
        self._outer, self._inner = _bound(outside), _bound((hidden, 0))
        super().__init__(self._party, self._inner.getsockname())
        # Hosts are as long as each other: no Content-Length changes.
        self._addresses = [
            (f"{hidden}:{self.ends[1][1]}".encode(), f"{edge[0]}:{edge[1]}".encode()),
            (hidden.encode(), outside[0].encode()),
        ]
        self._wake, self._woken = socket.socketpair()
        self._thread = threading.Thread(target=self._run, name=f"lossy {outside}", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._wake.send(b".")
        self._thread.join()
        for each in (self._outer, self._inner, self._wake, self._woken):
            each.close()

    def complaints(self) -> str:
        """What was to be lost and never came, in words."""
        short = [
            loss for loss in self._losses.values() if self._lost[loss.what] < (loss.times if loss.times != "all" else 1)
        ]
        words = [f"lost {self._lost[loss.what]} {loss.what}, not {loss.times}" for loss in short]
        return "; ".join([*words, *(f"no {step.before} came" for step in self._steps)])

    def _run(self) -> None:
        while True:
            ready = readable([self._outer, self._inner, self._woken])
            if self._woken in ready:
                return
            for each in ready:
                raw, source = each.recvfrom(_MOST)
                if self._loses(what := _what(raw)):
                    continue
                for step in [step for step in self._steps if step.before == what]:
                    self._act(step)
                    self._steps.remove(step)
                if each is self._outer and what == "OPTIONS":
                    if (reply := self.is_there(raw)) is not None:
                        self._outer.sendto(reply, source)
                elif each is self._outer and source == self._edge:
                    if (passed := self.to_party(raw)) is not None:
                        self._inner.sendto(passed, self._party)
                elif each is self._inner and source == self._party:
                    self._outer.sendto(self.to_edge(raw), self._edge)

    def is_there(self, raw: bytes) -> bytes | None:
        """Return the answer to an OPTIONS, which is nobody's call and may be asked from elsewhere; None: none."""
        del raw
        return None

    def to_party(self, raw: bytes) -> bytes | None:
        """Return what the party gets of what the edge sent; None: nothing."""
        hidden, outside = self._addresses[-1]
        return raw.replace(outside, hidden)

    def to_edge(self, raw: bytes) -> bytes:
        """Return what the edge gets of what the party sent: as if it had its own address, and had meant the edge's."""
        for ours, theirs in self._addresses:
            raw = raw.replace(ours, theirs)
        return raw

    def answer(self, raw: bytes) -> None:
        """Send to the edge what the party has not said."""
        self._outer.sendto(raw, self._edge)

    def _loses(self, what: str) -> bool:
        loss = self._losses.get(what)
        if loss is None or (loss.times != "all" and self._lost[what] >= loss.times):
            return False
        self._lost[what] += 1
        return True


def _what(raw: bytes) -> str:
    message = parse(raw)
    return f"{message.status} {message.method}" if message.status else message.method


def _bound(address: Address) -> socket.socket:
    made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    made.bind(address)
    return made
