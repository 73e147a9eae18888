"""Receipts come in on the line that messages go out on; they are confirmed when they are in the database."""

import signal
from collections.abc import Iterator

import pytest

from deploy.wait import until
from sms import providers
from sms.inbox import INBOX
from tests.sms_room import SmsRoom
from tests.smsc import Heard, Smsc
from tests.smsc_driver import ENV, SECRETS, row, send, use

DELIVER_SM_RESP, ENQUIRE_LINK, ENQUIRE_LINK_RESP, UNBIND = 0x80000005, 0x15, 0x80000015, 0x6
_RMSGQFUL = 0x14


@pytest.fixture
def smsc() -> Iterator[Smsc]:
    with Smsc() as smsc:
        yield smsc


def heard(smsc: Smsc, *commands: int) -> Heard:
    """The next PDU of these kinds that the SMSC hears."""
    while True:
        one = smsc.heard.get(timeout=20)
        if one.command in commands:
            return one


@pytest.mark.parametrize(
    ("stat", "state"),
    [("DELIVRD", "delivered"), ("UNDELIV", "failed"), ("EXPIRED", "expired"), ("UNKNOWN", "accepted")],
)
def test_a_receipt_says_what_became_of_the_sms(room: SmsRoom, smsc: Smsc, stat: str, state: str) -> None:
    use(room, smsc.url)
    with room.sender(**ENV):
        room.queue()
        room.until_states(accepted=1)
        smsc.lines[0].delivers("id-1", stat, 4711)
        assert heard(smsc, DELIVER_SM_RESP)[:3] == (DELIVER_SM_RESP, 0, 4711)
        assert room.states() == {state: 1}
        smsc.lines[0].delivers("id-1", stat, 4712)  # it did not hear the first answer
        assert heard(smsc, DELIVER_SM_RESP)[:3] == (DELIVER_SM_RESP, 0, 4712)
    assert room.states() == {state: 1}
    assert {one.registered_delivery for one in smsc.submits} == {1}


def test_a_sender_with_nothing_to_send_is_there_for_receipts(room: SmsRoom, smsc: Smsc) -> None:
    """After a restart, say. The receipt is not confirmed before it is committed."""
    use(room, smsc.url)
    with room.sender(**ENV) as process:
        room.queue()
        room.until_states(accepted=1)
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
    while not smsc.heard.empty():
        smsc.heard.get()
    with room.sender(**ENV), room.conn.cursor() as cur:
        assert until(lambda: smsc.lines[-1].bound, 20.0)
        cur.execute("lock table sms_receipt in exclusive mode")
        smsc.lines[-1].delivers("id-1", "DELIVRD", 1)
        smsc.lines[-1].says(ENQUIRE_LINK, 0, 2)
        # It was read, and not confirmed.
        assert heard(smsc, ENQUIRE_LINK_RESP, DELIVER_SM_RESP).command == ENQUIRE_LINK_RESP
        room.conn.rollback()
        assert heard(smsc, DELIVER_SM_RESP)[:3] == (DELIVER_SM_RESP, 0, 1)
        assert room.states() == {"delivered": 1}


def test_a_receipt_that_comes_before_the_answer_waits_for_it(room: SmsRoom, smsc: Smsc) -> None:
    use(room, smsc.url)

    held: list[int] = []
    smsc.plan.append(lambda _, submit: held.append(submit.sequence_number))
    with room.sender(**ENV):
        room.queue()
        assert until(lambda: bool(held), 20.0)
        smsc.lines[0].delivers("early", "DELIVRD", 1)
        heard(smsc, DELIVER_SM_RESP)
        smsc.lines[0].says(0x80000004, 0, held[0], b"early\0")
        room.until_states(delivered=1)
    assert room.rows("select effect from sms_receipt") == [("applied",)]


@pytest.mark.parametrize("on_unknown", ["retry", "hold"])
def test_an_answer_that_comes_late_settles_the_fate_and_its_receipt_is_found(
    room: SmsRoom, smsc: Smsc, on_unknown: str
) -> None:
    """It is not sent twice, if the answer comes before the next try."""
    use(room, smsc.url)
    room.sql("update sms_provider set timeout_seconds = 1, on_unknown = %(on_unknown)s", on_unknown=on_unknown)
    held: list[int] = []
    with room.sender(**ENV):
        assert until(lambda: bool(smsc.lines) and smsc.lines[0].bound, 20.0)
        smsc.plan.append(lambda _, submit: held.append(submit.sequence_number))
        room.queue()
        assert until(lambda: bool(room.rows("select from notification_attempt where fate = 'unknown'")), 20.0)
        smsc.lines[0].says(0x80000004, 0, held[0], b"slow\0")
        room.until_states(accepted=1)
        smsc.lines[0].delivers("slow", "DELIVRD", 1)
        room.until_states(delivered=1)
    assert len(held) == 1
    assert room.rows("select provider_message_id, message_id, fate from notification join notification_attempt "
                     "on notification_id = notification.id") == [("slow", "slow", "accepted")]  # fmt: skip


def test_an_id_in_other_digits_is_found(room: SmsRoom, smsc: Smsc) -> None:
    use(room, smsc.url)
    room.sql("""update sms_provider set options = '{"receipt_id": "decimal"}'""")
    smsc.plan.append(lambda line, submit: line.says(0x80000004, 0, submit.sequence_number, b"0A1B\0"))
    with room.sender(**ENV):
        room.queue()
        room.until_states(accepted=1)
        smsc.lines[0].delivers("0000002587", "DELIVRD", 1)
        room.until_states(delivered=1)


def test_what_a_member_writes_back_is_confirmed_and_kept_nowhere(room: SmsRoom, smsc: Smsc) -> None:
    use(room, smsc.url)
    with room.sender(**ENV):
        assert until(lambda: bool(smsc.lines) and smsc.lines[0].bound, 20.0)
        line = smsc.lines[0]
        line.says(0x5, 0, 1, b"\0\1\00184844441909\0\5\0vContact\0\0\0\0\0\0\0\0\0\0\5S3cr!")
        line.says(0x5, 0, 2, b"\0\1")  # half a deliver_sm
        assert [heard(smsc, DELIVER_SM_RESP)[1:3] for _ in range(2)] == [(0, 1), (0x65, 2)]
    assert room.rows("select count(*) from sms_receipt") == [(0,)]
    assert "S3cr" not in room.log()


def test_who_has_no_room_for_receipts_says_so(smsc: Smsc) -> None:
    """Nobody empties the inbox here: as when the database is gone for long."""
    INBOX.take()
    send(smsc)
    for sequence in range(1, 1002):
        smsc.lines[0].delivers(f"id-{sequence}", "DELIVRD", sequence)
    assert heard(smsc, DELIVER_SM_RESP)[1:3] == (_RMSGQFUL, 1001)
    for report in INBOX.take():
        report.confirm()
    assert {heard(smsc, DELIVER_SM_RESP).sequence for _ in range(1000)} == set(range(1, 1001))


def test_a_row_that_is_not_wanted_any_more_is_unbound(smsc: Smsc) -> None:
    smpp = providers.smpp
    smpp.listen([row(smsc.url, {})], SECRETS)
    assert until(lambda: bool(smsc.lines) and smsc.lines[0].bound, 20.0)
    smpp.listen([row(smsc.url, {})], SECRETS)
    smpp.listen([], SECRETS)
    heard(smsc, UNBIND)
    assert until(lambda: smsc.lines[0].ended, 20.0)
    assert smsc.binds == 1
