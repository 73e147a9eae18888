"""`python -m tests.sms_killed claimed|posted <n>`: the real sender, killed -9 around its n-th request.

claimed: the row is claimed, the request has not left. posted: the provider has answered, nothing is recorded.
The production code has no hook for this: its driver is one that dies.
"""

import os
import signal
import sys
import threading
from collections.abc import Mapping

from sms import sender
from sms.providers import DRIVERS, Message, Provider, Result

POINT, NUMBER = sys.argv[1], int(sys.argv[2])
lock = threading.Lock()
requests = 0


def mortal(provider: Provider, message: Message, env: Mapping[str, str]) -> Result:
    """Ask the provider, or die before or after it."""
    global requests  # noqa: PLW0603
    with lock:  # one after the other: what was before the n-th is known
        requests += 1
        if requests == NUMBER and POINT == "claimed":
            os.kill(os.getpid(), signal.SIGKILL)
        result = DRIVERS["http"](provider, message, env)
        if requests == NUMBER and POINT == "posted":
            os.kill(os.getpid(), signal.SIGKILL)
        return result


setattr(sender, "DRIVERS", {"http": mortal})  # noqa: B010
sender.main()
