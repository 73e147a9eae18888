"""`python -m tests.measure_table [hotlines]`: the figures of kemi/decisions/0003, measured here.

A private PostgreSQL with that many hotlines (100,000 by default), each with a group of four members; the compiler as a
process of its own; this process reads as a SIP worker does.
"""

import os
import random
import re
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

import psycopg2
from psycopg2.extensions import connection

from deploy.wait import until
from kemi.table.store import TableReader
from tests.database import fresh_database

LOOKUPS: Final = 100_000
CHANGES: Final = 200
WORLD: Final = """
insert into plan (id, name) values (1, 'p');
insert into tenant (id, name, brand, plan_id) values (1, 'a', 'a', 1);
insert into gateway (id, name, host) values (1, 'g', '127.0.0.1');
insert into hotline (id, tenant_id, number) select n, 1, '+8424' || 30000000 + n from generate_series(1, %(size)s) n;
insert into gateway_number (gateway_id, number) select 1, number from hotline;
insert into external_group (id, tenant_id, name, outbound_hotline_id) select id, 1, 'g' || id, id from hotline;
insert into group_member (group_id, number)
select id, '+8490' || 1000000 + (id * 4 + m) %% 1000000 from hotline, generate_series(0, 3) m;
update hotline set external_group_id = id;
"""


def main() -> None:
    """Measure and print."""
    size = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    with fresh_database() as url, tempfile.TemporaryDirectory() as var:
        conn = psycopg2.connect(url)
        conn.autocommit = True
        began = time.monotonic()
        with conn.cursor() as cur:
            cur.execute(WORLD, {"size": size})
            cur.execute("analyze")
        print(f"{size} hotlines written to PostgreSQL in {time.monotonic() - began:.1f} s")
        compiler = start_compiler(url, Path(var))
        try:
            measure(conn, Path(var), size, compiler.pid)
        finally:
            compiler.send_signal(signal.SIGTERM)
            print(f"compiler ended with {compiler.wait(20)}")
        table = TableReader(Path(var) / "table")
        with conn.cursor() as cur:
            cur.execute("update plan set max_members = 7")
        began = time.monotonic()
        again = start_compiler(url, Path(var), lambda: (plan := table.plan(1)) is not None and plan.max_members == 7)
        print(f"restarted: until a change made while it was away was read: {time.monotonic() - began:.2f} s")
        until((Path(var) / "run" / "table.ready").exists, 600)
        print(f"a restarted compiler has looked at every row after {time.monotonic() - began:.1f} s")
        again.send_signal(signal.SIGTERM)
        again.wait(20)
        conn.close()


def start_compiler(url: str, var: Path, fact: Callable[[], bool] | None = None) -> subprocess.Popen[bytes]:
    """Start the compiler and wait until it is ready, or until `fact()`."""
    ready = var / "run" / "table.ready"
    ready.unlink(missing_ok=True)
    began = time.monotonic()
    env = {**os.environ, "DATABASE_URL": url, "VAR_DIR": str(var), "LOG_LEVEL": "warning"}
    process = subprocess.Popen([sys.executable, "-m", "kemi.table.sync"], env=env)
    if not until(fact or ready.exists, 600):
        raise SystemExit("the compiler did not become ready")
    print(f"started after {time.monotonic() - began:.1f} s, memory of the compiler {rss_mib(process.pid):.0f} MiB")
    return process


def measure(conn: connection, var: Path, size: int, compiler: int) -> None:
    """Print what reading costs, and how long a COMMIT takes to arrive."""
    print(f"table on disk: {(var / 'table' / 'data.mdb').stat().st_size / 2**20:.0f} MiB")
    table, dice = TableReader(var / "table"), random.Random(1)
    table.tenant(1)
    numbers = [f"+8424{30000000 + dice.randint(1, size)}" for _ in range(LOOKUPS)]
    before = anonymous_mib()
    for what in ("first pass", "second pass"):
        began = time.perf_counter()
        for number in numbers:
            table.hotline(number)
        print(f"hotline lookup, {what}: {(time.perf_counter() - began) / LOOKUPS * 1e6:.2f} µs")
    began = time.perf_counter()
    for _ in range(LOOKUPS):
        table.gateway(1)
    print(f"gateway lookup: {(time.perf_counter() - began) / LOOKUPS * 1e6:.2f} µs")
    print(f"the reader's own memory grew by {anonymous_mib() - before:.1f} MiB over {2 * LOOKUPS} lookups")
    took = sorted(1000 * arrival(conn, table, dice.randint(1, size), n) for n in range(CHANGES))
    half, most, last = statistics.median(took), took[-CHANGES // 100], took[-1]
    print(f"COMMIT to reader, ms: median {half:.1f}, p99 {most:.1f}, max {last:.1f}")
    print(f"memory of the compiler {rss_mib(compiler):.0f} MiB")


def arrival(conn: connection, table: TableReader, group: int, n: int) -> float:
    """Change a group; return the seconds from the COMMIT until the reader sees it."""
    number, wanted = f"+8424{30000000 + group}", 31 + n % 100
    with conn.cursor() as cur:
        cur.execute("update external_group set ring_seconds = %s where id = %s", (wanted, group))
    began = time.perf_counter()
    while (found := table.group_of(number)) is None or found.ring_seconds != wanted:
        if time.perf_counter() - began > 10:
            raise SystemExit("a change did not arrive within 10 s")
    return time.perf_counter() - began


def rss_mib(pid: int) -> float:
    """Resident memory of a process without the files it maps."""
    found = re.search(r"RssAnon:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())
    return int(found[1]) / 1024 if found else 0.0


def anonymous_mib() -> float:
    """The same of this process."""
    return rss_mib(os.getpid())


if __name__ == "__main__":
    main()
