"""Recordings of a test's edge."""

from deploy.wait import until
from tests.edge import Edge, Row

_PATIENT = 30.0


def set_records(edge: Edge, record: str, days: int | None) -> None:
    """Say whether the group records; wait until the workers know."""
    edge.sql("update external_group set record = %(record)s", record=record)
    assert edge.table_says(lambda table: getattr(table.group_of("+842727777787"), "record_days", 0) == days)


def recorded(edge: Edge, sip_call_id: str) -> Row:
    """Wait until a call's recording is made, and return its row."""
    query = "select r.* from recording r join call c on c.id = r.call_id where c.sip_call_id = %(id)s"

    def is_made() -> bool:
        return [row["state"] for row in edge.ledger.rows(query, id=sip_call_id)] == ["made"]

    assert until(is_made, _PATIENT), (edge.ledger.rows(query, id=sip_call_id), edge.stack.log("recorder").read_text())
    return edge.ledger.rows(query, id=sip_call_id)[0]


def loudest(samples: list[int]) -> list[int]:
    """The loudest tenth of a second."""
    parts = [samples[at : at + 800] for at in range(0, len(samples) - 800, 400)]
    return max(parts, key=lambda part: sum(map(abs, part)))
