"""The edge's Kamailio on a routing table of any size, with any number of workers: no database behind it."""

import random
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import msgspec

from deploy.settings import FixedSettings
from deploy.stack import Stack
from kemi.domain.e164 import e164
from kemi.domain.model import Gateway, Group, Hotline, Member, Plan, Tenant, TrunkAddress
from kemi.table.keys import address_key, hotline_key, id_key
from kemi.table.store import TableWriter
from sipp_scenarios.bench import cpu, groups
from sipp_scenarios.bench.program import EDGE, Program
from tests.edge import CUSTOMER_HOST, EDGE_HOST, GATEWAY_HOST, free_port

_OTHERS: Final = ("migrate", "table", "ledger", "sender", "recorder", "watch")
_BATCH: Final = 20_000  # hotlines a transaction
_A_TENANT: Final = 10
_PRESENTED: Final = "+842727777787"


def national(hotline: int) -> str:
    """Return the number of the hotline with this id, as it is dialled."""
    return f"024{30000000 + hotline}"


def called(hotlines: int, most: int, seed: int) -> tuple[str, ...]:
    """Return numbers to call, by chance over all of them: what is called next is hardly ever in a cache."""
    dice = random.Random(seed)  # noqa: S311 - a load, not a secret
    return tuple(national(dice.randrange(hotlines)) for _ in range(most))


def write_table(folder: Path, hotlines: int, gateway_port: int) -> None:
    """Write what the compiler makes of so many hotlines with a group of five each, ten to a tenant."""
    encode = msgspec.msgpack.encode
    members = tuple(Member(n, e164(each), True) for n, each in enumerate(groups.numbers(5, "answered"), 1))
    gateway = Gateway(1, "carrier", GATEWAY_HOST, gateway_port, "udp", "national", None, "p_asserted", True)
    first = {
        id_key("p", 1): Plan(1, "standard", None),
        id_key("g", 1): gateway,
        address_key(CUSTOMER_HOST): TrunkAddress(1, "customers"),
    }
    with TableWriter(folder) as writer:
        writer.apply({key: encode(record) for key, record in first.items()})
        for start in range(0, hotlines, _BATCH):
            records = dict[bytes, bytes]()
            for n in range(start, min(start + _BATCH, hotlines)):
                number, tenant = f"+84{national(n)[1:]}", n // _A_TENANT + 1
                records[hotline_key(number)] = encode(Hotline(n + 1, number, tenant, None, None, n + 1))
                records[id_key("G", n + 1)] = encode(
                    Group(n + 1, f"group {n}", "simultaneous", _PRESENTED, None, 6, True, "offered", members, (), (1,))
                )
                if n % _A_TENANT == 0:
                    records[id_key("t", tenant)] = encode(Tenant(tenant, f"tenant {tenant}", True, 1))
            writer.apply(records)
        writer.finish()


@contextmanager
def running(folder: Path, name: str, hotlines: int, workers: int) -> Iterator[Program]:
    """Give the edge's Kamailio, and nothing else of it, on such a table. Raises `TimeoutError`."""
    port, gateway = free_port(EDGE_HOST), free_port(GATEWAY_HOST)
    write_table(folder / "table", hotlines, gateway)
    settings = FixedSettings(
        sip_listen=f"udp:{EDGE_HOST}:{port}", var_dir=folder, node_name="bare", sip_workers=workers,
        edge_key="1:" + "17" * 32, database_url="postgresql:///none", rtpengine="none",
    )  # fmt: skip
    with Stack(settings, without=_OTHERS) as stack:
        pid = stack.pid("kamailio")
        if pid is None:
            raise TimeoutError(f"{name} does not run")
        yield Program(name, (EDGE_HOST, port), gateway, {EDGE: (pid, *cpu.readers(pid))})
