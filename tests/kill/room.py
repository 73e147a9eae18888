"""The room of the kill tests: one real stack whose parts can be made to die, its carrier's port, its SMS provider."""

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from itertools import chain
from pathlib import Path
from typing import Any, Final

import psycopg2
from psycopg2.extensions import connection
from psycopg2.extras import RealDictCursor

from deploy.demo.sms_sink import SmsSink
from deploy.settings import FixedSettings
from deploy.stack import Stack, edge_key
from deploy.wait import until
from kemi.errors import TableUnavailable
from kemi.table.store import TableReader
from kemi.tokens import Keyring
from kemi.watch.rpc import Rpc
from sql import seed
from tests.edge import CUSTOMER_HOST, EDGE_HOST, GATEWAY_HOST, free_port
from tests.kill.stories import NO_GROUP, NO_SUCH_HOTLINE, RING_SECONDS, RINGING_STORIES, hotline, members
from tests.leaks import Sides

# A claimed row is free again when its provider's timeout and the lease are over; a run with a dead sender waits for it.
_TIMEOUT_SECONDS: Final = 2
_SENDER: Final = {"SMS_POLL_SECONDS": "0.2", "SMS_LEASE_SECONDS": "1"}
_SEED: Final = """
    insert into hotline (tenant_id, number) select id, %(hotline)s from tenant where name = 'vContact';
    insert into gateway_number (gateway_id, number) select id, %(hotline)s from gateway where name = 'carrier';
    insert into external_group (tenant_id, name, outbound_hotline_id, ring_seconds, notify_members)
    select tenant_id, %(hotline)s, id, %(ring)s, true from hotline where number = e164(%(hotline)s);
    insert into group_member (group_id, number, name) select external_group.id, member, member
    from external_group, unnest(%(members)s) as member where external_group.name = %(hotline)s;
    update hotline set external_group_id = (select id from external_group where name = %(hotline)s)
    where number = e164(%(hotline)s);
"""
_LIMITS: Final = """
    update hotline set max_calls = 1000; update plan set max_concurrent_calls = 1000;
    update gateway set max_channels = 1000;
"""  # never reached; so every call is counted
_OPEN: Final = """
    with open as (select hotline_id, tenant_id, answered_leg, id from call
                  where ended_at is null and outcome in ('answered', 'ringing'))
    select 'h' || hotline_id as key, count(*) from open group by 1
    union all select 't' || tenant_id, count(*) from open group by 1
    union all
    select 'g' || gateway_id, count(*) from open join call_leg on call_id = id and leg = answered_leg group by 1
"""
_NO_GROUP: Final = "insert into hotline (tenant_id, number) select id, %(hotline)s from tenant where name = 'vContact'"
Row = dict[str, Any]


class KillRoom:
    """A running stack, and what the tests need to kill it and to ask it."""

    def __init__(self, stack: Stack, sink: SmsSink, gateway_port: int, conn: connection) -> None:
        self.stack, self.sink, self.gateway_port = stack, sink, gateway_port
        self.var_dir = stack.settings.var_dir
        self.address = stack.settings.sip_address
        self.keyring = Keyring.parse(edge_key(stack.settings), f"{self.address[0]}:{self.address[1]}")
        self.past: set[str] = set()  # Call-IDs of the last run's legs, whose repetitions are not this one's
        self._conn = conn
        self._rpc = Rpc(self.var_dir / "run" / "kamailio.rpc", "kill")

    def close(self) -> None:
        """Leave nothing open."""
        self._rpc.close()

    @property
    def sides(self) -> Sides:
        """Who is who on the wire."""
        host, port = self.address
        hotlines = [*map(hotline, range(len(RINGING_STORIES))), NO_SUCH_HOTLINE, NO_GROUP]
        everybody = chain.from_iterable(map(members, range(len(RINGING_STORIES))))
        public = frozenset({host, f"{host}:{port}", *hotlines})
        return Sides(frozenset({CUSTOMER_HOST}), frozenset({GATEWAY_HOST}), public, frozenset(everybody))

    def rows(self, query: str, **params: object) -> list[Row]:
        """Return the rows of a query, each as of now."""
        with self._conn.cursor(cursor_factory=RealDictCursor) as cur:
            cur.execute(query, params)
            return [dict(row) for row in cur.fetchall()]

    def miscounted(self) -> str:
        """Return where Kamailio's counters differ from what the ledger calls open; "" where they agree."""
        open_ = {row["key"]: row["count"] for row in self.rows(_OPEN)}
        slots = self._rpc.ask("htable.dump", "limits") or []
        cells = {cell["name"]: int(cell["value"]) for slot in slots for cell in slot["slot"]}
        keys = (open_.keys() | cells.keys()) - {"watch"}
        wrong = sorted(key for key in keys if cells.get(key, 0) != open_.get(key, 0))
        return ", ".join(f"{key} counts {cells.get(key, 0)} of {open_.get(key, 0)}" for key in wrong)

    def unread(self) -> list[str]:
        """Return the spool files that the ledger has not read to their end."""
        read = {row["file"]: row["byte_offset"] for row in self.rows("select file, byte_offset from spool_file")}
        sizes = {file.name: file.stat().st_size for file in (self.var_dir / "spool").glob("*.jsonl")}
        return [
            f"{name}: {read.get(name, 0)} of {size} bytes" for name, size in sizes.items() if read.get(name) != size
        ]


@contextmanager
def kill_room(var_dir: Path, say: Callable[[str], None] = print) -> Iterator[KillRoom]:
    """Start the stack under `var_dir` with the hotlines of all stories; when this yields, each can ring."""
    address, gateway_port = (EDGE_HOST, free_port(EDGE_HOST)), free_port(GATEWAY_HOST)
    settings = FixedSettings(
        sip_listen=f"udp:{address[0]}:{address[1]}", var_dir=var_dir, node_name="kill", interrupted_grace_seconds=0,
        rtpengine="none",
    )  # fmt: skip
    mortal = {part: [sys.executable, "-m", "tests.kill.mortal", part] for part in ("ledger", "sender")}
    entry = {"ENTRY_FILE": str(Path(__file__).with_name("crash_entry.py"))}
    env: Mapping[str, Mapping[str, str]] = {"kamailio": entry, "sender": _SENDER}
    with (
        SmsSink() as sink,
        Stack(settings, env=env, commands=mortal, say=say) as stack,
        closing(psycopg2.connect(stack.database_url)) as conn,
    ):
        conn.autocommit = True  # every look sees what is committed by then
        _configure(conn, gateway_port, sink.url)
        _wait_for_table(TableReader(var_dir / "table"))
        with closing(KillRoom(stack, sink, gateway_port, conn)) as room:
            yield room


def _configure(conn: connection, gateway_port: int, sms_url: str) -> None:
    seed.load(
        conn, "vcontact", trunk_address=CUSTOMER_HOST, gateway_host=GATEWAY_HOST, gateway_port=gateway_port,
        sms_url=sms_url,
    )  # fmt: skip
    with conn.cursor() as cur:
        cur.execute("update sms_provider set timeout_seconds = %s", (_TIMEOUT_SECONDS,))
        for index in range(len(RINGING_STORIES)):
            cur.execute(_SEED, {"hotline": hotline(index), "ring": RING_SECONDS, "members": list(members(index))})
        cur.execute(_NO_GROUP, {"hotline": NO_GROUP})
        cur.execute(_LIMITS)


def _wait_for_table(table: TableReader) -> None:
    def is_there() -> bool:
        try:
            found = [table.group_of(_e164(hotline(index))) for index in range(len(RINGING_STORIES))]
            groups = [one for one in found if one is not None]
            is_whole = all(len(group.members) == 3 and group.gateways for group in groups)
            return len(groups) == len(RINGING_STORIES) and is_whole and table.hotline(_e164(NO_GROUP)) is not None
        except TableUnavailable:
            return False

    assert until(is_there, 20), "the hotlines are not in the routing table"


def _e164(national: str) -> str:
    return "+84" + national[1:]
