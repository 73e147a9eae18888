"""What a scenario wants of the configuration: its SQL before, and afterwards the seed again."""

from collections.abc import Iterator
from contextlib import closing, contextmanager

import psycopg2

from deploy.wait import until
from kemi.check.records import LiveTable, SqlTable, differences
from kemi.errors import TableUnavailable
from sipp_scenarios.scenario import ROOM, Scenario
from sql import seed
from tests.edge import CUSTOMER_HOST, GATEWAY_HOST, Edge, connected

SECOND_GATEWAY_HOST = "127.0.0.22"


@contextmanager
def configured(scenario: Scenario, edge: Edge, second_port: int) -> Iterator[None]:
    """Execute the scenario's SQL, and return when the workers read what it says. Raises `TimeoutError`."""
    if not scenario.given.sql:
        yield
        return
    try:
        edge.sql(scenario.given.sql, second_host=SECOND_GATEWAY_HOST, second_port=second_port)
        _followed(edge)
        yield
    finally:
        _as_seeded(edge)
        _followed(edge)


def _as_seeded(edge: Edge) -> None:
    with closing(psycopg2.connect(edge.stack.database_url)) as conn:
        with conn.cursor() as cur:
            cur.execute((ROOM / "as_seeded.sql").read_text())
        seed.load(
            conn, "vcontact", trunk_address=CUSTOMER_HOST, gateway_host=GATEWAY_HOST, gateway_port=edge.gateway_port,
            sms_url=edge.sink.url,
        )  # fmt: skip


def _followed(edge: Edge) -> None:
    """Return when the workers' table is what the compiler would write now."""

    def is_same() -> bool:
        edge.table.close()  # LMDB allows a process one environment per file
        try:
            with connected(edge.stack.database_url) as conn, closing(_live(edge)) as live:
                conn.set_session(isolation_level="REPEATABLE READ", readonly=True)
                speaks_tcp = edge.stack.settings.sip_tcp == "yes"
                return not list(differences(SqlTable(conn, tcp=speaks_tcp), live))
        except TableUnavailable:
            return False

    if not until(is_same, 10.0):
        raise TimeoutError("the routing table does not follow")


def _live(edge: Edge) -> LiveTable:
    return LiveTable(edge.stack.settings.var_dir / "table")
