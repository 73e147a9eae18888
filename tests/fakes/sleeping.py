"""KSR.async: a transaction sleeps until the test lets it wake up (`FakeKamailio.wakes_up`)."""

from tests.fakes import replies
from tests.fakes.machine import Machine, kemi
from tests.fakes.surface import MisuseError


@kemi("async.ms_route")
def _ms_route(m: Machine, callback: str, ms: int) -> int:
    """Suspend the transaction at hand; the real one sleeps less than 30 s."""
    context = m.must_be_in("async.ms_route", "request", "failure")
    transaction = context.transaction
    if not 0 < ms < 30_000 or transaction is None:
        raise MisuseError(f"async.ms_route of {ms} ms, or without a transaction")
    if not callable(getattr(m.handler, callback, None)):
        raise MisuseError(f"async.ms_route: no callback {callback!r}")
    if transaction.status < 100:
        replies.stateful(m, transaction, 100, "Trying")
    transaction.released = True
    m.asleep.append((callback, transaction))
    return 0
