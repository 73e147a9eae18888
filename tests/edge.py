"""The whole edge for tests: the real stack on free loopback ports, seeded, with an SMS sink that remembers."""

import secrets
import socket
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

import psycopg2
from psycopg2.extensions import connection
from psycopg2.extras import RealDictCursor

from deploy import ports
from deploy.demo.sms_sink import SmsSink
from deploy.settings import FixedSettings
from deploy.stack import Stack
from deploy.wait import until
from kemi.errors import TableUnavailable
from kemi.table.store import TableReader
from sql import seed
from tests.sip.message import Address

EDGE_HOST, CUSTOMER_HOST, GATEWAY_HOST, STRANGER_HOST = "127.0.0.1", "127.0.0.10", "127.0.0.20", "127.0.0.66"
HOTLINE: Final = "02727777787"
CALLER: Final = "0909789846"
BOB, CAROL, DAVE, OFFICE = "0844441909", "0844441910", "0987654321", "02838123456"  # the seed's; OFFICE is a landline
MEMBERS: Final = (BOB, CAROL, DAVE, OFFICE)
RING_SECONDS: Final = 6  # of the seed's group
_EPHEMERAL: Final = 32_768  # from here on, ports belong to sockets that have asked for any (ip(7))
_SENDER: Final = {"SMS_POLL_SECONDS": "0.2"}
Row = dict[str, Any]


class Ledger:
    """What the ledger says, as SELECTed. Waits until it says it."""

    def __init__(self, database_url: str) -> None:
        self._url = database_url

    def rows(self, query: str, **params: object) -> list[Row]:
        """The rows of a query, read in a transaction of their own."""
        with connected(self._url) as conn, conn.cursor(cursor_factory=RealDictCursor) as cur:
            cur.execute(query, params)
            return [dict(row) for row in cur.fetchall()]

    def calls(self, sip_call_id: str) -> list[Row]:
        """Every row for the caller's Call-ID; it does not wait."""
        return self.rows("select * from call where sip_call_id = %(id)s", id=sip_call_id)

    def call(self, sip_call_id: str, outcome: str = "", *, ended: bool = False, within: float = 10.0) -> Row:
        """Wait until this call is no longer ringing (or is `outcome`; or has ended), and return its row."""

        def is_told() -> bool:
            rows = self.calls(sip_call_id)
            told = bool(rows) and (rows[0]["outcome"] == outcome if outcome else rows[0]["outcome"] != "ringing")
            return told and (not ended or rows[0]["ended_at"] is not None)

        assert until(is_told, within), f"the ledger says {self.calls(sip_call_id)} of {sip_call_id}"
        [row] = self.calls(sip_call_id)
        return row

    def legs(self, sip_call_id: str) -> dict[str, Row]:
        """The legs of a call by the member's number in national spelling; it does not wait."""
        query = "select l.* from call_leg l join call c on c.id = l.call_id where c.sip_call_id = %(id)s"
        rows = self.rows(query + " order by leg, attempt", id=sip_call_id)
        return {row["member_number"].replace("+84", "0"): row for row in rows}

    def attempts(self, sip_call_id: str) -> list[tuple[str, int, str]]:
        """(number, attempt, outcome) of each INVITE that left for a member, in order; it does not wait."""
        query = "select l.* from call_leg l join call c on c.id = l.call_id where c.sip_call_id = %(id)s"
        rows = self.rows(query + " and l.leg < 1000 order by leg, attempt", id=sip_call_id)
        return [(row["member_number"].replace("+84", "0"), row["attempt"], row["outcome"]) for row in rows]

    def outcomes(self, sip_call_id: str) -> dict[str, str]:
        """What became of each member's leg."""
        return {number: row["outcome"] for number, row in self.legs(sip_call_id).items()}

    def notifications(self, sip_call_id: str) -> list[Row]:
        """The notifications of a call; it does not wait."""
        query = "select n.* from notification n join call c on c.id = n.call_id where c.sip_call_id = %(id)s"
        return self.rows(query, id=sip_call_id)


class Texts:
    """The SMS of a call, as the sink received them."""

    def __init__(self, sink: SmsSink, ledger: Ledger) -> None:
        self._sink, self._ledger = sink, ledger

    def of(self, sip_call_id: str, within: float = 10.0) -> dict[str, str]:
        """Wait until it is decided who is told, and no notification is on its way; the texts by recipient, national."""
        final = {
            "accepted",
            "delivered",
            "failed",
            "expired",
            "unknown",
            "merged",
            "suppressed",
            "not_applicable",
            "withheld",
        }

        def is_over() -> bool:
            # In this order: a call that waits no more has its notifications, one that still waits may get them next.
            if any(row["confirm_at"] is not None for row in self._ledger.calls(sip_call_id)):
                return False
            return all(row["state"] in final for row in self._ledger.notifications(sip_call_id))

        self._ledger.call(sip_call_id)
        assert until(is_over, within), (
            f"still on their way: {[(r['kind'], r['state']) for r in self._ledger.notifications(sip_call_id)]}"
        )
        mine = {str(row["id"]) for row in self._ledger.notifications(sip_call_id)}
        received = [post for post in self._sink.messages() if str(post["id"]) in mine]
        texts = {post["to"].replace("+84", "0"): post["text"] for post in received}
        assert len(texts) == len(received), f"somebody was told twice: {received}"
        return texts


@dataclass
class Edge:
    """A running edge. `told`: what its stack had to say, such as that a part died by itself."""

    stack: Stack
    sink: SmsSink
    address: Address
    gateway_port: int
    table: TableReader
    told: list[str]

    @property
    def rtpengine(self) -> Address:
        """Where the edge's own rtpengine takes its orders."""
        return self.stack.rtpengine

    @property
    def ledger(self) -> Ledger:
        return Ledger(self.stack.database_url)

    def sql(self, statement: str, **params: object) -> None:
        """Change the configuration as an operator does: one committed statement."""
        with connected(self.stack.database_url) as conn, conn.cursor() as cur:
            cur.execute(statement, params)

    def table_says(self, fact: Callable[[TableReader], object], within: float = 10.0) -> bool:
        """Wait until the routing table that the workers read says so."""

        def holds() -> bool:
            try:
                return bool(fact(self.table))
            except TableUnavailable:
                return False

        return until(holds, within)

    def log_size(self) -> int:
        return self.stack.log("kamailio").stat().st_size

    def log_since(self, offset: int) -> str:
        """What Kamailio has logged since `offset`."""
        with self.stack.log("kamailio").open("rb") as file:
            file.seek(offset)
            return file.read().decode("utf-8", "replace")

    def logs(self, words: str, since: int) -> bool:
        """Wait until Kamailio's log has a line with `words`."""
        return self.logged(words, since, times=1)

    def logged(self, words: str, since: int, times: int) -> bool:
        """Wait until Kamailio's log has `words` as often as `times`, at least."""
        return until(lambda: self.log_since(since).count(words) >= times, 5.0)


@contextmanager
def connected(url: str) -> Iterator[connection]:
    """A connection that commits and closes."""
    conn = psycopg2.connect(url)
    try:
        with conn:
            yield conn
    finally:
        conn.close()


def free_port(host: str) -> int:
    """A UDP port that is free on `host` right now, and not of those that the kernel hands out to whoever asks next."""
    while True:
        port = 10_000 + secrets.randbelow(_EPHEMERAL - 10_000)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            try:
                probe.bind((host, port))
            except OSError:
                continue
            return port


@contextmanager
def running_edge(
    var_dir: Path, env: Mapping[str, Mapping[str, str]] | None = None, say: Callable[[str], None] = print,
    rtpengine: str = "none", rtp_ports: str = "20000-29999", rtp_address: str = "",
    sip_tcp: Literal["yes", "no"] = "no", rtpengine_redis: str = "",
) -> Iterator[Edge]:  # fmt: skip
    """Start the stack under `var_dir`, seed it with the demo's tenant, and wait until the hotline can ring.

    `rtpengine`: as RTPENGINE has it; where it is not asked for, voice is direct.
    """
    address, gateway_port = (EDGE_HOST, free_port(EDGE_HOST)), free_port(GATEWAY_HOST)
    receipts = f"{EDGE_HOST}:{ports.free_tcp(EDGE_HOST)}"
    settings = FixedSettings(
        sip_listen=f"udp:{address[0]}:{address[1]}", var_dir=var_dir, node_name="test", interrupted_grace_seconds=2,
        receipts_listen=receipts, receipts_url=f"http://{receipts}", rtpengine=rtpengine, rtp_ports=rtp_ports,
        rtp_address=rtp_address, rtpengine_wait_ms=1000, sip_tcp=sip_tcp, rtpengine_redis=rtpengine_redis,
    )  # fmt: skip
    told: list[str] = []

    def hears(line: str) -> None:
        told.append(line)
        say(line)

    with SmsSink() as sink, Stack(settings, env={"sender": _SENDER, **(env or {})}, say=hears) as stack:
        with closing(psycopg2.connect(stack.database_url)) as conn:
            seed.load(
                conn, "vcontact", trunk_address=CUSTOMER_HOST, gateway_host=GATEWAY_HOST, gateway_port=gateway_port,
                sms_url=sink.url,
            )  # fmt: skip
        edge = Edge(stack, sink, address, gateway_port, TableReader(var_dir / "table"), told)
        assert edge.table_says(lambda table: _can_ring(table, gateway_port)), "the seed is not in the routing table"
        yield edge


def _can_ring(table: TableReader, gateway_port: int) -> bool:
    group = table.group_of("+842727777787")
    if group is None or len(group.members) != len(MEMBERS):
        return False
    gateways = [table.gateway(each) for each in group.gateways]
    trunk = table.trunk_address(CUSTOMER_HOST)
    return trunk is not None and any(gateway and gateway.port == gateway_port for gateway in gateways)
