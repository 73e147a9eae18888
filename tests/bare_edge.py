"""Kamailio alone, with a routing table that nobody compiles: for what needs neither PostgreSQL nor SMS.

Its hotline and members are those of `tests.edge`. Started again on the same folder it is the same edge with other keys.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import msgspec

from deploy.parts import MEMORY
from deploy.settings import ROOT, FixedSettings
from deploy.stack import Stack
from kemi.domain.e164 import e164
from kemi.domain.model import Gateway, Group, Hotline, Member, Plan, Tenant, TrunkAddress
from kemi.table.keys import address_key, hotline_key, id_key
from kemi.table.store import TableWriter
from tests.edge import CUSTOMER_HOST, GATEWAY_HOST, HOTLINE, MEMBERS, RING_SECONDS
from tests.leaks import Sides
from tests.sip.message import Address

_OTHERS: Final = ("migrate", "table", "ledger", "sender", "recorder", "watch")


def write_table(folder: Path, gateway_port: int) -> None:
    """Write what the compiler makes of the seed, by hand."""
    number = e164(HOTLINE)
    members = tuple(Member(n, e164(each), True) for n, each in enumerate(MEMBERS, 1))
    group = Group(1, "Kinh doanh", "simultaneous", number, None, RING_SECONDS, True, "offered", members, (), (1,))
    records = {
        hotline_key(number): Hotline(1, number, 1, None, None, 1),
        id_key("G", 1): group,
        id_key("t", 1): Tenant(1, "vContact", True, 1),
        id_key("p", 1): Plan(1, "standard", None),
        id_key("g", 1): Gateway(1, "carrier", GATEWAY_HOST, gateway_port, "udp", "national", None, "p_asserted", True),
        address_key(CUSTOMER_HOST): TrunkAddress(1, "customers"),
    }
    with TableWriter(folder) as writer:
        writer.apply({key: msgspec.msgpack.encode(record) for key, record in records.items()})
        writer.finish()


@contextmanager
def running(var_dir: Path, address: Address, edge_key: str, **timers: int) -> Iterator[Stack]:
    """Run it at `address` on the table in `var_dir`; `timers`: those of tm that are not as in kamailio.cfg, in ms."""
    settings = FixedSettings(
        sip_listen=f"udp:{address[0]}:{address[1]}", var_dir=var_dir, node_name="bare", edge_key=edge_key,
        database_url="postgresql:///none", rtpengine="none",
    )  # fmt: skip
    commands = {"kamailio": _command(var_dir, timers)} if timers else None
    with Stack(settings, without=_OTHERS, say=print, commands=commands) as stack:
        yield stack


def _command(var_dir: Path, timers: dict[str, int]) -> list[str]:
    """Return what starts Kamailio on a copy of its configuration with other timers."""
    text = (ROOT / "kamailio.cfg").read_text()
    for name, ms in timers.items():
        text, found = re.subn(rf'(modparam\("tm", "{name}", )\d+\)', rf"\g<1>{ms})", text)
        assert found == 1, name
    config, run = var_dir / "kamailio.cfg", var_dir / "run"
    config.write_text(text)
    command = ["kamailio", "-f", str(config), "-DD", "-E", *MEMORY, "-m", "64", "-M", "16"]
    return [*command, "-Y", str(run), "-P", str(run / "kamailio.pid")]


def sides(address: Address) -> Sides:
    """Who is who on the wire."""
    public = frozenset({address[0], f"{address[0]}:{address[1]}", HOTLINE})
    return Sides(frozenset({CUSTOMER_HOST}), frozenset({GATEWAY_HOST}), public, frozenset(MEMBERS))
