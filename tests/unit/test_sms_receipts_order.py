"""Whatever order record and receipts come in: the notification ends the same."""

from collections.abc import Iterator
from itertools import permutations
from typing import Final

import pytest

from sms import store
from sms.providers import Accepted, Result, Unknown
from sms.receipts import Status
from tests.database import fresh_database
from tests.receipts_room import ReceiptsRoom

RECORD: Final = "record"
CASES: Final = [
    (("accepted", "delivered"), "delivered"),
    (("accepted", "failed"), "failed"),
    (("ignored", "expired"), "expired"),
    (("accepted", "failed", "delivered"), "delivered"),
    (("delivered", "expired", "delivered"), "delivered"),
]
RESULTS: Final = (Accepted(200, "ok", "m-1"), Unknown("no answer"))


@pytest.fixture(scope="module")
def room() -> Iterator[ReceiptsRoom]:
    with fresh_database() as url:
        room = ReceiptsRoom(url)
        room.ask("update sms_provider set on_unknown = 'hold'")
        yield room
        room.conn.close()


@pytest.mark.parametrize("result", RESULTS, ids=["accepted", "unknown"])
@pytest.mark.parametrize(("statuses", "ends"), CASES)
def test_every_order_ends_the_same(room: ReceiptsRoom, result: Result, statuses: tuple[Status, ...], ends: str) -> None:
    """By the provider's name and by ours in turn; each receipt is settled once the record is there."""
    for order in permutations((RECORD, *statuses)):
        room.ask("delete from sms_receipt; delete from notification")
        room.queue()
        claimed = room.claims()
        for number, step in enumerate(order):
            if step == RECORD:
                assert store.record(room.conn, claimed, result, 0).then
            else:
                with_ours = number % 2 or isinstance(result, Unknown)
                room.gets(step, "m-1", request_id=claimed.message.request_id if with_ours else None)  # type: ignore[arg-type]
        assert room.state == ends, order
        assert "waiting" not in room.effects(), order
        assert room.ask("select fate from notification_attempt") == [("accepted",)], order
