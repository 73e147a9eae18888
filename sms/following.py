"""What follows an answer: the notification's next state, and who else may be asked. The table is in sms/README.md."""

from typing import Literal, NamedTuple

from sms import retry
from sms.providers.kinds import Accepted, Provider, Refused, Result, Unknown

State = Literal["accepted", "failed", "suppressed", "unknown", "queued"]


class Next(NamedTuple):
    """`state`; if it is `over`, the tenant's other provider is asked instead, where there is one that may be.

    `counts`: as a try that did not work; `delay_seconds`: until the same provider is asked again.
    """

    state: State
    over: bool = False
    counts: bool = True
    delay_seconds: float = 0.0


def following(result: Result, provider: Provider | None, tries: int, dice: float, *, is_open: bool = False) -> Next:
    """Return what follows `result`, when `tries` have not worked before it; `dice` is in [0, 1).

    `is_open`: the provider is left alone now (sms/circuit.py).
    """
    if isinstance(result, Accepted):
        return Next("accepted")
    if isinstance(result, Unknown) and provider is not None and provider.on_unknown != "retry":
        return Next("unknown")
    if isinstance(result, Refused) and result.final:
        if result.cause == "suppressed":
            return Next("suppressed")
        return Next("failed", over=result.cause == "elsewhere")
    asked = result.wait_seconds if isinstance(result, Refused) else 0.0
    delay = retry.delay(tries + 1, dice, asked)
    cause = result.cause if isinstance(result, Refused) else ""
    if cause == "busy":  # it is the pace that was wrong, not the message or the provider
        return Next("queued", counts=False, delay_seconds=delay)
    if cause == "balance":  # it waits with all the others until there is money
        return Next("queued", over=True, counts=False)
    many = provider is not None and tries + 1 >= provider.failover_tries
    return Next("queued", over=many or is_open, delay_seconds=delay)
