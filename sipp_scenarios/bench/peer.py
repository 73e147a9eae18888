"""The peer: a Kamailio with peer.cfg, started as the edge's is."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from deploy.parts import SHARED_MB, answers_options
from deploy.wait import until
from sipp_scenarios.bench.load import MEMBERS
from tests.edge import CUSTOMER_HOST, EDGE_HOST, GATEWAY_HOST, free_port
from tests.sip.message import Address

_CONFIG: Final = Path(__file__).parent / "peer.cfg"


@contextmanager
def running_peer(folder: Path, ports: tuple[int, ...]) -> Iterator[tuple[int, Address]]:
    """Give the peer's process id and address; its members are at `ports` of the gateway. Raises `TimeoutError`."""
    address = (EDGE_HOST, free_port(EDGE_HOST))
    places = enumerate(zip(MEMBERS, ports, strict=True), 1)
    members = {f"MEMBER_{n}": f"{user}@{GATEWAY_HOST}:{port}" for n, (user, port) in places}
    env = {**os.environ, **members, "CUSTOMER": CUSTOMER_HOST, "SIP_LISTEN": f"udp:{address[0]}:{address[1]}"}
    command = ["setpriv", "--pdeathsig", "TERM", "--", "kamailio", "-f", str(_CONFIG), "-DD", "-E"]
    command += ["-x", "fm", "-X", "fm", "-m", str(SHARED_MB), "-M", "16"]
    command += ["-Y", str(folder), "-P", str(folder / "peer.pid")]
    with (folder / "peer.log").open("wb") as log:
        process = subprocess.Popen(command, env=env, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    try:
        if not until(lambda: answers_options(address), 15.0):
            raise TimeoutError(f"the peer does not start: {(folder / 'peer.log').read_text()[-2000:]}")
        yield process.pid, address
    finally:
        process.terminate()
        process.wait(10)
