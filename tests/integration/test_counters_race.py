"""Four workers count together in shared memory, and nothing is lost: KEMI's sht_inc and sht_dec are atomic."""

import socket
import sysconfig
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from kemi.watch.rpc import Rpc, RpcError
from tests.contract.rooms import TABLES
from tests.fakes import dump_api

_REQUESTS: Final = 40
_OPTIONS: Final = (
    "OPTIONS sip:e@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:{port};branch=z9hG4bK{n}\r\n"
    "From: <sip:a@h>;tag=a\r\nTo: <sip:e@h>\r\nCall-ID: c{n}\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n"
)


@pytest.fixture
def kamailio() -> Iterator[tuple[Path, int]]:
    """A Kamailio with four workers, and its port."""
    with tempfile.TemporaryDirectory() as name:
        folder, port = Path(name), dump_api.free_udp_port()
        script = Path(__file__).parent / "counters_entry.py"
        text = dump_api.config(folder, script, port, more=TABLES).replace("children=1", "children=4")
        process = dump_api.start(folder, text, {"EDGE_SITE": sysconfig.get_path("purelib")})
        yield folder, port
        process.terminate()
        process.wait(10)


def test_no_count_is_lost_among_workers(kamailio: tuple[Path, int]) -> None:
    folder, port = kamailio
    took = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as caller:
        caller.bind(("127.0.0.1", 0))
        caller.settimeout(30)
        for n in range(_REQUESTS):
            text = _OPTIONS.format(port=caller.getsockname()[1], n=n)
            caller.sendto(text.encode(), ("127.0.0.1", port))
        for _ in range(_REQUESTS):
            reply = caller.recv(65536).decode()
            assert reply.startswith("SIP/2.0 200 ")
            took.append(float(reply.partition("X-Microseconds: ")[2].partition("\r\n")[0]))
    rpc = Rpc(folder / "rpc.sock")
    try:
        for key, count in {"race": _REQUESTS, "h1": 0, "t2": 0, "g4": 0}.items():
            assert rpc.ask("htable.get", "limits", key)["item"]["value"] == count, key
        with pytest.raises(RpcError, match="Key name doesn't exist"):
            rpc.ask("htable.get", "limits", "nobody")
        assert rpc.ask("htable.dump", "open") == []
    finally:
        rpc.close()
    print(f"a five-way call with every limit there is: {min(took):.1f} to {max(took):.1f} µs")
