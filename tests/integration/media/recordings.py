"""Recordings of a test's edge."""

from deploy.wait import until
from tests.edge import Edge, Row
from tests.listening import read, share
from tests.media_room import HIGH, LOW

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


def is_heard(edge: Edge, row: Row) -> bool:
    """Whether a recording holds what both said, each on his side and nothing of the other's."""
    left, right = map(loudest, read(edge.stack.settings.var_dir / "recordings" / str(row["file"]), channels=2))
    each = share(left, HIGH) > 0.9 and share(right, LOW) > 0.9
    return each and share(left, LOW) < 0.01 and share(right, HIGH) < 0.01


def loudest(samples: list[int]) -> list[int]:
    """The loudest tenth of a second."""
    parts = [samples[at : at + 800] for at in range(0, len(samples) - 800, 400)]
    return max(parts, key=lambda part: sum(map(abs, part)))
