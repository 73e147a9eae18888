"""The watch beside a Kamailio that counts more than fits one answer of its RPC."""

from collections import Counter
from typing import Any

from kemi.watch.counters import Counters
from kemi.watch.rpc import RpcError
from tests.watch_room import Kamailio


class Full(Kamailio):
    """Its `htable.dump` is longer than a datagram."""

    def ask(self, method: str, *params: str | int) -> Any:
        if method == "htable.dump":
            raise RpcError("htable.dump: Input data was truncated")
        return super().ask(method, *params)


def test_more_counters_than_fit_an_answer_stop_nothing() -> None:
    """Those that the spool knows are looked at all the same; htable itself forgets the others."""
    kamailio = Full()
    kamailio.limits |= {"watch": 1, "h3": 2, "h99": 4}
    counters = Counters(kamailio)
    for _ in range(2):
        counters.look(lambda: Counter(h3=1))
    assert kamailio.counted == {"h3": 1, "h99": 4}
