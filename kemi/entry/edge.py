"""The one file Kamailio loads: finds the packages, wires the parts, gives Kamailio its router.

`sys.path[0]` is this folder, so it stays alone in it.
"""

import gc
import json
import os
import random
import sys
import time
from pathlib import Path

# Before Debian's own packages: its `cryptography` is older and several times slower than the pinned one.
sys.path[:0] = [str(Path(__file__).resolve().parents[2]), *filter(None, [os.environ.get("EDGE_SITE")])]

from kemi.admission import Admission  # noqa: E402
from kemi.call import Calls  # noqa: E402
from kemi.dialog import Dialogs  # noqa: E402
from kemi.domain.media import parse_nodes  # noqa: E402
from kemi.domain.routing import Present  # noqa: E402
from kemi.ksr.counters import OpenCalls, SharedCounters  # noqa: E402
from kemi.ksr.counting import CountingSink  # noqa: E402
from kemi.ksr.down import DownGateways, DownNodes  # noqa: E402
from kemi.ksr.past import SharedPast  # noqa: E402
from kemi.ksr.router import Router  # noqa: E402
from kemi.media.rtpengine import Rtpengines  # noqa: E402
from kemi.spool.instance import claim_instance  # noqa: E402
from kemi.spool.sink import SpoolSink  # noqa: E402
from kemi.table.store import TableReader  # noqa: E402
from kemi.tokens import Keyring  # noqa: E402
from kemi.voice import Voice  # noqa: E402


def mod_init() -> Router:
    """Make the router, before Kamailio forks: nothing is opened but the lock that tells this start is alive."""
    var, node = Path(os.environ["VAR_DIR"]), os.environ["NODE_NAME"]
    host = os.environ["SIP_ADVERTISE"]
    keyring = Keyring.parse(os.environ["EDGE_KEY"], host)
    table = TableReader(var / "table")
    instance = claim_instance(var / "spool", node)
    longest = int(os.environ.get("MAX_CALL_SECONDS", "86400"))
    counters, watch = SharedCounters(), os.environ.get("WATCH_ADDRESS")
    # Workers are forked: a generator of Python's own would give them all the same numbers.
    past, chance = SharedPast(), random.SystemRandom().random
    present = Present(past, chance, DownGateways())
    nodes = parse_nodes(os.environ.get("RTPENGINE", ""))
    wait_ms = int(os.environ.get("RTPENGINE_WAIT_MS", "300"))
    voice = Voice(keyring, Rtpengines(nodes, DownNodes(), wait_ms) if nodes else None, var / "sounds")
    router = Router(
        Calls(table, keyring, host, time.time, Admission(counters), present, longest, voice=voice),
        Dialogs(table, keyring, host, longest, time.time),
        table,
        CountingSink(SpoolSink(var / "spool", node, instance.name), OpenCalls(counters)),
        keyring,
        host,
        watch=tuple(json.loads(watch)) if watch else None,
        past=past,
        voice=voice,
    )
    gc.collect()
    gc.freeze()  # what is here is shared by all workers and never garbage
    return router
