"""The peers in Kamailio's own language: a Kamailio with peer.cfg, started as the edge's is."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from deploy.parts import MEMORY, SHARED_MB, answers_options
from deploy.ports import free_row
from deploy.wait import until
from sipp_scenarios.bench.groups import SIZES
from sipp_scenarios.bench.program import EDGE, Program
from tests.edge import CUSTOMER_HOST, EDGE_HOST, GATEWAY_HOST, free_port

_ROOM: Final = 4  # times the edge's shared memory: at its higher rates, transactions of 33 s must not fill it
_CONFIG: Final = Path(__file__).parent / "peer.cfg"
PLAIN, MASKED = "native script", "native script, masking"
CANNOT: Final = {
    PLAIN: "masks nothing; one Call-ID for all legs (a strict gateway rings only the first); no ledger, no SMS",
    MASKED: "topoh is undone by anybody, From stands XORed in the Record-Route; one Call-ID for all legs; "
    "SDP but for o= and s=, reason phrases and tags pass; no ledger, no SMS",
}


@contextmanager
def running(folder: Path, name: str = PLAIN) -> Iterator[Program]:
    """Give the peer, `PLAIN` or `MASKED`. Raises `TimeoutError`."""
    address, first = (EDGE_HOST, free_port(EDGE_HOST)), free_row(GATEWAY_HOST, max(SIZES))
    stem = name.replace(" ", "-").replace(",", "")
    env = {
        **os.environ, "CUSTOMER": CUSTOMER_HOST, "GATEWAY": GATEWAY_HOST, "FIRST_PORT": str(first),
        "OWN_HOST": EDGE_HOST, "SIP_LISTEN": f"udp:{address[0]}:{address[1]}",
    }  # fmt: skip
    command = ["setpriv", "--pdeathsig", "TERM", "--", "kamailio", "-f", str(_CONFIG), "-DD", "-E"]
    command += [*MEMORY, "-m", str(_ROOM * SHARED_MB), "-M", "16"]
    command += ["-Y", str(folder), "-P", str(folder / f"{stem}.pid")]
    command += ["-A", "MASKED"] if name == MASKED else []
    with (folder / f"{stem}.log").open("wb") as log:
        process = subprocess.Popen(command, env=env, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    try:
        if not until(lambda: answers_options(address), 15.0):
            raise TimeoutError(f"the {name} does not start: {(folder / f'{stem}.log').read_text()[-2000:]}")
        yield Program(name, address, first, {EDGE: (process.pid,)}, own_ports=True)
    finally:
        process.terminate()
        process.wait(10)
