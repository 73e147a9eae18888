"""A routing table of one record each, and other processes that read and write it."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final

import msgspec

from kemi.domain.model import Gateway, Group, Hotline, Plan, Tenant, TrunkAddress
from kemi.table.keys import address_key, hotline_key, id_key
from kemi.table.store import TableReader, TableWriter

NUMBER: Final = "+842727777787"
HOTLINE: Final = Hotline(1, NUMBER, 2, None, "the hotline has no group", None)
GROUP: Final = Group(6, "Kinh doanh", "simultaneous", NUMBER, None, 30, True, "offered", (), (), (4,))
TENANT: Final = Tenant(2, "vContact", enabled=True, plan_id=3)
PLAN: Final = Plan(3, "Standard", None)
GATEWAY: Final = Gateway(4, "carrier", "192.0.2.1", 5060, "udp", "national", None, "p_asserted", enabled=True)
TRUNK: Final = TrunkAddress(5, "customers")
RECORDS: Final = {
    hotline_key(NUMBER): HOTLINE,
    id_key("G", 6): GROUP,
    id_key("t", 2): TENANT,
    id_key("p", 3): PLAN,
    id_key("g", 4): GATEWAY,
    address_key("192.0.2.7"): TRUNK,
    address_key("2001:db8::7"): TRUNK,
}
STAY_IN_A_READ: Final = """
import sys; from pathlib import Path; from kemi.table.store import TableReader
table = TableReader(Path(sys.argv[1])); print(table.hotline(sys.argv[2]).id, flush=True)
with table._env.begin(): print("reading", flush=True); sys.stdin.read()
"""
FILL: Final = """
import sys; from pathlib import Path; from tests.table_room import TableWriter, fill
with TableWriter(Path(sys.argv[1])) as writer: fill(writer)
"""
WRITE_TENANT_7: Final = """
import sys; from pathlib import Path; import msgspec
from kemi.domain.model import Tenant; from kemi.table.keys import id_key
from kemi.table.store import TableWriter
with TableWriter(Path(sys.argv[1])) as writer:
    writer.apply({id_key("t", 7): msgspec.msgpack.encode(Tenant(7, "new", True, 3))})
"""


def fill(writer: TableWriter) -> None:
    """Write RECORDS, and finish."""
    writer.apply({key: msgspec.msgpack.encode(record) for key, record in RECORDS.items()})
    writer.finish()


def fork(fact: Callable[[], bool]) -> int:
    """Fork a child that finds out whether `fact()` holds; return its pid."""
    pid = os.fork()
    if pid == 0:
        try:
            os._exit(0 if fact() else 1)
        finally:
            os._exit(2)
    return pid


def held(pid: int) -> bool:
    """Wait for the child; whether its fact held."""
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0


def reading_process(table: Path) -> subprocess.Popen[str]:
    """Another process, in the middle of a read."""
    command = [sys.executable, "-c", STAY_IN_A_READ, str(table), NUMBER]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() + process.stdout.readline() == "1\nreading\n"
    return process


def slots_of(reader: TableReader | TableWriter) -> set[int]:
    """The pids that hold reader slots."""
    return {int(line.split()[0]) for line in reader._env.readers().splitlines()[1:]}


def fill_in_another_process(table: Path) -> None:
    """LMDB allows a process one environment per file, and the reader has it."""
    subprocess.run([sys.executable, "-c", FILL, str(table)], check=True)
