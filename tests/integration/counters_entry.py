"""A script for a Kamailio of its own: every request counts 300 up and 299 down, and answers what it took."""

import os
import sys
import time
from pathlib import Path
from typing import Any, Final

sys.path[:0] = [str(Path(__file__).resolve().parents[2]), os.environ["EDGE_SITE"]]

from kemi.domain.limits import Admitted, Wanted, admit, gateway_limits, hotline_limit, tenant_limit, trunk_rate  # noqa: E402
from kemi.ksr.counters import OpenCalls, SharedCounters  # noqa: E402
from kemi.ksr.signalling import answer  # noqa: E402

TIMES: Final = 300
_MOST: Final = 1_000_000
_WANTED: Final = Wanted(
    (hotline_limit(1, _MOST), tenant_limit(2, _MOST)),
    (trunk_rate(3, _MOST),),
    tuple((leg, (gateway_limits(4, _MOST, _MOST),)) for leg in range(5)),
)


class Script:
    """Counts."""

    def __init__(self) -> None:
        self._counters = SharedCounters()
        self._calls = OpenCalls(self._counters)

    def child_init(self, rank: int) -> int:
        """Nothing to do."""
        del rank
        return 0

    def ksr_request_route(self, msg: Any) -> int:
        """Count, and answer with the mean time of a counted call in µs as the code's extra header."""
        import KSR  # noqa: PLC0415 (there is none before Kamailio runs)

        del msg
        for turn in range(TIMES):
            self._counters.more("race")
            if turn:
                self._counters.less("race")
        began = time.process_time()
        for turn in range(TIMES):
            call = f"{KSR.pv.get('$ci')}{turn}"
            admitted = admit(_WANTED, self._counters, time.time())
            if isinstance(admitted, Admitted):
                self._calls.begin(call, admitted.held)
                self._calls.answered(call, "2.0")
                self._calls.over(call)
        spent = (time.process_time() - began) / TIMES * 1e6
        KSR.hdr.append_to_reply(f"X-Microseconds: {spent:.2f}\r\n")
        return answer(200)


def mod_init() -> Script:
    """Kamailio asks for it."""
    return Script()
