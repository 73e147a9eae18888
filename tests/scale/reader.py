"""`python -m tests.scale.reader <table> <hotlines> <lookups>`: reads as a SIP worker does, alone in its process.

Prints one `Reading` as JSON. Hotlines of chance: next to none is among the few records that a reader keeps. Times
are the thread's own CPU, page faults included: what other processes take meanwhile is not the table's.
"""

import random
import subprocess
import sys
from array import array
from collections.abc import Callable
from pathlib import Path
from time import thread_time_ns

import msgspec

from kemi.table.store import TableReader
from tests.scale.figures import Reading, spread
from tests.scale.memory import own
from tests.scale.world import number


def measured(table: Path, hotlines: int, lookups: int) -> Reading:
    """Return what a reader in a process of its own finds."""
    command = [sys.executable, "-m", "tests.scale.reader", str(table), str(hotlines), str(lookups)]
    told = subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout
    return msgspec.json.decode(told, type=Reading)


def read(table: Path, hotlines: int, lookups: int) -> Reading:
    """Look up that many hotlines, then decide on as many calls."""
    reader, data = TableReader(table), table / "data.mdb"
    # There from the beginning, or the samples would look like a reader that grows.
    first, single, whole = (array("d", [0.0]) * lookups for _ in range(3))
    reader.look()
    before = own(data)

    def sample(what: Callable[[TableReader, str], None], into: "array[float]", count: int, seed: int) -> None:
        dice = random.Random(seed)
        for each in range(count):
            dialled = number(dice.randrange(hotlines))
            began = thread_time_ns()
            what(reader, dialled)
            into[each] = (thread_time_ns() - began) / 1000

    sample(decide, whole, lookups // 100, 1)
    early = own(data)
    sample(look_up, first, lookups, 2)
    sample(look_up, single, lookups, 2)
    sample(decide, whole, lookups, 3)
    return Reading(before, early, own(data), spread(first), spread(single), spread(whole))


def look_up(table: TableReader, dialled: str) -> None:
    """Read one hotline from the newest table."""
    table.look()
    assert table.hotline(dialled) is not None


def decide(table: TableReader, dialled: str) -> None:
    """Read what a decision does: the hotline, its tenant, plan and group, the group's gateways."""
    table.look()
    hotline = table.hotline(dialled)
    assert hotline is not None
    assert hotline.group is not None
    tenant = table.tenant(hotline.tenant_id)
    assert tenant is not None
    assert table.plan(tenant.plan_id) is not None
    group = table.group(hotline.group)
    assert group is not None
    for gateway in group.gateways:
        assert table.gateway(gateway) is not None


if __name__ == "__main__":
    found = read(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
    sys.stdout.buffer.write(msgspec.json.encode(found))
