"""A provider's answer that PostgreSQL cannot keep as it is stops nobody: what can be kept is, and the others go on."""

import hashlib
import json

import psycopg2
import pytest

from deploy.wait import until
from sms import store
from sms.asking import ask_due
from sms.providers import Accepted, Refused
from sms.receipts import hand_in
from tests.sms_answers import asked_too
from tests.sms_apis import SECRETS, Answer, ApiServer
from tests.sms_drivers import ESMS, SPEEDSMS, TWILIO, Driven
from tests.sms_reporters import CREDENTIALS
from tests.sms_room import SmsRoom
from tests.smsc import Smsc
from tests.smsc_driver import ENV, use

SOUR = {
    "esms": {"CodeResult": "100", "SMSID": "%s"},
    "speedsms": {"status": "success", "code": "00", "data": {"tranId": "%s"}},
    "twilio": {"sid": "%s", "status": "queued"},
}
ENDLESS = "".join(hashlib.sha256(bytes([number])).hexdigest() for number in range(50))  # more than an index takes
NAMES = {"nul": ("a\0b", "a\ufffdb"), "half": ("a\ud800b", "a\ufffdb"), "endless": (ENDLESS, ENDLESS[:200])}


def spoken_by(room: SmsRoom, driven: Driven, server: ApiServer) -> None:
    """Let the room's provider be this one."""
    room.sql(
        "update sms_provider set driver = %(driver)s, url = %(url)s, credentials = %(credentials)s",
        driver=driven.name, url=server.url + driven.path, credentials=CREDENTIALS[driven.name],
    )  # fmt: skip


@pytest.mark.parametrize("kind", NAMES)
@pytest.mark.parametrize("driven", [ESMS, SPEEDSMS, TWILIO], ids=lambda driven: str(driven.name))
def test_a_name_that_is_no_text_is_kept_as_one_and_found_by_its_receipt(
    room: SmsRoom, driven: Driven, kind: str
) -> None:
    name, kept = NAMES[kind]
    with ApiServer(driven.api) as server:
        spoken_by(room, driven, server)
        server.answers(Answer(200, json.dumps(SOUR[driven.name]).replace("%s", json.dumps(name)[1:-1])))
        with room.sender(**SECRETS):
            room.queue()
            room.until_states(accepted=1)
            room.queue()
            room.until_states(accepted=2)
    ((first,),) = room.rows("select provider_message_id from notification where id = 1")
    assert first == kept
    with room.conn:
        assert hand_in(room.conn, 1, name, "delivered", name, reason=name).effect == "applied"


def test_a_code_that_is_no_text_is_kept_as_one(room: SmsRoom) -> None:
    with ApiServer(ESMS.api) as server:
        spoken_by(room, ESMS, server)
        server.answers(Answer(200, '{"CodeResult": "\\u0000\\ud800"}'))
        with room.sender(**SECRETS):
            room.queue(members=2)
            room.until_states(accepted=1, queued=1)
    ((why,),) = room.rows("select last_error from notification where state = 'queued'")
    assert why.endswith("lacks: \ufffd\ufffd")


def test_an_smsc_s_status_of_32_bits_is_kept(room: SmsRoom) -> None:
    with Smsc() as smsc:
        use(room, smsc.url)
        smsc.answers(0x80000001)
        with room.sender(**ENV):
            room.queue()
            room.until_states(queued=1)
            assert until(lambda: room.rows("select count(fate) from notification_attempt") == [(1,)], 20.0), room.log()
            room.queue()
            room.until_states(queued=1, accepted=1)
    assert room.rows("select http_status, fate from notification_attempt order by id") == [
        (-0x7FFFFFFF, "refused"),
        (0, "accepted"),
    ]


@pytest.mark.parametrize("result", [Accepted(200, "sour", "m"), Refused("sour", final=True, status=400)])
@pytest.mark.parametrize("bare", [True, False])
def test_what_the_tables_refuse_is_kept_without_words_or_left_to_its_lease(
    room: SmsRoom, result: Accepted | Refused, bare: bool
) -> None:
    """And nothing is asked again that was taken."""
    rule = "reply is distinct from 'sour'" if bare else "notification_id <> 1 or fate is null"
    room.sql(f"alter table notification_attempt add check ({rule})")
    room.sink.answers("sour")
    if isinstance(result, Refused):
        room.sql("insert into sms_reply_rule select id, 1, 200, 'sour', 'failed', 'no' from sms_provider")
    with room.sender():
        room.queue()
        assert until(lambda: "cannot be" in room.log(), 20.0), room.log()
        room.queue(members=3)
        state = {"accepted": 4} if isinstance(result, Accepted) else {"failed": 1, "accepted": 3}
        room.until_states(**(state if bare else {"sending": 1, "accepted": 3}))
    assert len(room.sink.posts()) == 4
    assert "sour" not in room.log()


def test_a_receipt_that_the_tables_refuse_is_refused_and_the_next_is_taken(room: SmsRoom) -> None:
    room.sql("alter table sms_receipt add check (reference <> 'id-1')")
    with Smsc() as smsc:
        use(room, smsc.url)
        with room.sender(**ENV):
            room.queue(members=2)
            room.until_states(accepted=2)
            smsc.lines[0].delivers("id-1", "DELIVRD", 1)
            smsc.lines[0].delivers("id-2", "DELIVRD", 2)
            room.until_states(accepted=1, delivered=1)
            answers = {}
            assert until(lambda: answers.update(_answers(smsc)) or len(answers) == 2, 20.0)
    assert answers == {1: 0x65, 2: 0}


def _answers(smsc: Smsc) -> dict[int, int]:
    heard = [smsc.heard.get() for _ in range(smsc.heard.qsize())]
    return {one.sequence: one.status for one in heard if one.command == 0x80000005}


def test_who_is_asked_may_say_what_cannot_be_kept(room: SmsRoom) -> None:
    """The thread that asks goes on with the next."""
    with ApiServer(asked_too(TWILIO.api)) as server:
        spoken_by(room, TWILIO, server)
        room.sql("update sms_provider set ask_after_seconds = 10")
        room.queue(members=2)
        for claimed in store.claim(room.conn, 2, 30):
            store.record(room.conn, claimed, Accepted(200, "ok", f"SM{claimed.id}"), 0)
        room.sql("update notification_attempt set ask_at = now()")
        server.answers(Answer(200, '{"sid": "SM\\ud800", "status": "\\u0000\\ud800"}'))
        server.answers(Answer(200, '{"sid": "SM2", "status": "delivered"}'))
        conn = psycopg2.connect(room.url)
        assert ask_due(conn, SECRETS) == 2
        conn.close()
    assert sum(count for state, count in room.states().items() if state == "delivered") == 1


def test_what_the_tables_refuse_is_not_shown_in_the_log(room: SmsRoom) -> None:
    """A rule of the operator's own, say: its name, and not the row."""
    room.queue()
    room.sql("update notification set text = 'hush'")
    room.sql("alter table notification add constraint nothing_goes check (state <> 'sending')")
    with room.sender():
        assert until(lambda: 'violates check constraint "nothing_goes"' in room.log(), 20.0), room.log()
    assert "Failing row" not in room.log()
    assert "hush" not in room.log()
