"""When a provider is left alone, and when it is tried again: the circuit of `sms_provider_state`, as pure moves.

    closed ──n failures of its own, or no balance──> open ──probe_at──> probing ──it works──> closed
                                                      ^                    └── it does not ──┘ (open)

Only the result of the probe moves a circuit that is not closed: what was under way before tells of before.
"""

from typing import Final, Literal, NamedTuple

from sms.providers.kinds import Accepted, Refused, Result

PROBES: Final = (
    10,
    20,
    40,
    80,
    160,
    300,
)  # seconds until the 1st, 2nd … probe of one that is down; the last one repeats
BALANCE_PROBE: Final = 300  # seconds: each probe of an empty account is a refused request; somebody has to pay first
BUSY_PAUSE: Final = 5.0  # seconds, where a 429 does not say how long

State = Literal["closed", "open", "probing"]
Why = Literal["down", "balance"]
Event = Literal["down", "no_balance", "up", "paused"]
Sight = Literal["takes", "answers", "down", "balance", "busy", "nothing"]


class Circuit(NamedTuple):
    """What is known of a provider. `openings`: how often it was opened since it last worked."""

    state: State = "closed"
    why: Why | None = None
    failures: int = 0
    openings: int = 0


class Moved(NamedTuple):
    """A circuit after a result. `probe_seconds`: until the next probe; `pause_seconds`: for all senders."""

    circuit: Circuit
    probe_seconds: float = 0.0
    pause_seconds: float = 0.0
    event: Event | None = None


def sight(result: Result) -> Sight:
    """Return what `result` tells of the provider, whatever it says of the message."""
    if isinstance(result, Accepted):
        return "takes"
    if isinstance(result, Refused):
        return _SIGHTS.get(result.cause, "answers")
    return "down" if result.down else "nothing"


_SIGHTS: Final[dict[str, Sight]] = {"down": "down", "balance": "balance", "busy": "busy", "setup": "nothing"}


def moved(circuit: Circuit, result: Result, *, is_probe: bool, breaker_failures: int) -> Moved:
    """Return the circuit after `result`, which is that of its probe or not."""
    seen = sight(result)
    asked = result.wait_seconds if isinstance(result, Refused) and seen in {"busy", "down"} else 0.0
    pause = asked or (BUSY_PAUSE if seen == "busy" else 0.0)
    if circuit.state == "closed":
        after = _while_closed(circuit, seen, breaker_failures)
        return after._replace(pause_seconds=pause, event=after.event or ("paused" if pause else None))
    if not is_probe:
        return Moved(circuit, pause_seconds=pause)
    after = _probed(circuit, seen)
    return after._replace(pause_seconds=pause, probe_seconds=max(after.probe_seconds, asked))


def _while_closed(circuit: Circuit, seen: Sight, breaker_failures: int) -> Moved:
    if seen == "balance":
        return _opened(circuit, "balance")
    if seen == "down":
        failing = circuit._replace(failures=circuit.failures + 1)
        return _opened(failing, "down") if failing.failures >= breaker_failures else Moved(failing)
    return Moved(circuit if seen in {"busy", "nothing"} else Circuit())


def _probed(circuit: Circuit, seen: Sight) -> Moved:
    if seen == "takes" or (seen in {"answers", "busy"} and circuit.why == "down"):
        return Moved(Circuit(), event="up")
    if seen == "down":
        return _opened(circuit._replace(failures=circuit.failures + 1), "down")
    if seen == "balance":
        return _opened(circuit, "balance")
    # An empty account is not seen from a number that is refused: the next SMS tells. Nothing at all was seen: later.
    again = 0.0 if seen == "answers" else _probe(circuit.openings, circuit.why)
    return Moved(circuit._replace(state="open"), again)


def _opened(circuit: Circuit, why: Why) -> Moved:
    openings = circuit.openings + 1
    event: Event | None = None
    if circuit.why != why:
        event = "down" if why == "down" else "no_balance"
    return Moved(Circuit("open", why, circuit.failures, openings), _probe(openings, why), event=event)


def _probe(openings: int, why: Why | None) -> float:
    return float(BALANCE_PROBE if why == "balance" else PROBES[min(max(openings, 1), len(PROBES)) - 1])
