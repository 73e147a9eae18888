"""What is queued is sent once, in the words of the product, and what cannot be sent says why."""

import signal
from collections import Counter

import psycopg2
import pytest

from sms import store
from tests.sms_apis import SECRETS, ApiServer, esms
from tests.sms_room import SmsRoom


def test_the_text_arrives_word_for_word_in_the_tenant_s_own_time(room: SmsRoom) -> None:
    """12:09 UTC is 19:09 in Hồ Chí Minh and the next day in Auckland."""
    with room.sender(SMS_GIVE_UP_SECONDS="900000000"):
        room.queue(at="2019-09-19 12:09:59+00")
        room.until_states(accepted=1)
        room.sql("update tenant set time_zone = 'Pacific/Auckland', brand = 'ACME'")
        room.queue(at="2019-09-19 12:09:59+00")
        room.until_states(accepted=2)
    assert [message["text"] for message in room.sink.messages()] == [
        "(vContact) Ban da bi nho 1 cuoc goi tu so 0909789846 vao luc 19:09 19/09/2019."
        " Vui long kiem tra va lien he lai",
        "(ACME) Ban da bi nho 1 cuoc goi tu so 0909789846 vao luc 00:09 20/09/2019. Vui long kiem tra va lien he lai",
    ]


def test_the_text_of_an_answered_call(room: SmsRoom) -> None:
    with room.sender():
        room.queue(kind="answered")
        room.until_states(accepted=1)
    (message,) = room.sink.messages()
    assert message["text"] == "(vContact) Ban vua nhan cuoc goi tu so 0909789846."
    assert (message["to"], message["sender"]) == ("0844440001", "vContact")
    assert room.rows("select provider_message_id, attempts, last_error from notification") == [("sink-1", 1, None)]
    assert room.rows("select http_status, error, finished_at is not null from notification_attempt") == [
        (200, None, True)
    ]


def test_a_tenant_s_own_words_are_filled_in_and_counted(room: SmsRoom) -> None:
    """With what the ledger knows of the call; each SMS keeps its text, whatever becomes of the template."""
    room.sql(
        "insert into sms_template values (1, 'missed', %(text)s)",
        text="{brand}: {calls} call {caller} → {group}, {member}",
    )
    with room.sender():
        room.queue()
        room.sql("update call set group_id = 1, hotline_number = '+842727777787'")
        room.until_states(accepted=1)
    (message,) = room.sink.messages()
    assert message["text"] == "vContact: 1 call 0909789846 → Kinh doanh, Anh"
    assert room.rows("select text, alphabet, segments from notification") == [(message["text"], "ucs2", 1)]


def test_a_queued_notification_wakes_the_sender(room: SmsRoom) -> None:
    with room.sender(SMS_POLL_SECONDS="3600") as process:
        room.queue()
        room.until_states(accepted=1)
        room.queue()
        room.until_states(accepted=2)
        assert process.poll() is None


def test_several_senders_send_each_notification_once(room: SmsRoom) -> None:
    room.queue(members=120)
    with room.sender(), room.sender(), room.sender():
        room.until_states(accepted=120)
    assert Counter(room.received()).most_common(1)[0][1] == 1
    assert len(room.received()) == 120
    tried = room.rows("select min(attempts), max(attempts) from notification")
    assert tried == [(1, 1)], room.rows("select error, reply from notification_attempt where error is not null")


def test_two_claims_at_one_time_never_hold_the_same_row(room: SmsRoom) -> None:
    """The second claims while the first transaction is still open: it takes others, and does not wait."""
    room.queue(members=10)
    with psycopg2.connect(room.url) as slow, slow.cursor() as cur:
        cur.execute(
            store._SQL["claim_queued"], {**store.Rooms()._asdict(), "busy": "{}", "most": 4, "lease_seconds": 30}
        )
        held = {row[0] for row in cur.fetchall()}
        with_conn = psycopg2.connect(room.url)
        claimed = {one.id for one in store.claim(with_conn, 10, 30)}
        with_conn.close()
    slow.close()
    assert len(held) == 4
    assert len(claimed) == 6
    assert not held & claimed


def test_a_failing_provider_is_asked_again_with_the_same_text(room: SmsRoom) -> None:
    room.sink.refuses(503, times=2)
    with room.sender():
        room.queue()
        for tries in (1, 2):
            room.until_states(queued=1)
            room.until_posts(tries)
            room.until_states(queued=1)
            ((error, wait),) = room.rows(
                "select last_error, extract(epoch from next_attempt_at - now())::int from notification"
            )
            assert error == "the provider answered 503"
            assert {1: 8, 2: 26}[tries] <= wait <= {1: 11, 2: 33}[tries]
            room.sql("update tenant set brand = 'Other'")
            room.sql("update notification set next_attempt_at = now()")
        room.until_states(accepted=1)
    texts = {post["text"] for post in room.sink.posts()}
    assert len(room.sink.posts()) == 3
    assert len(texts) == 1
    assert room.rows("select http_status from notification_attempt order by id") == [(503,), (503,), (200,)]


def test_a_refusal_for_good_fails_and_may_be_queued_again(room: SmsRoom) -> None:
    room.sink.refuses(400, body="bad number")
    with room.sender():
        room.queue()
        room.until_states(failed=1)
        assert room.rows("select reply from notification_attempt") == [("bad number",)]
        room.sql("update notification set state = 'queued', next_attempt_at = now()")
        room.until_states(accepted=1)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ("update tenant set sms_provider_id = null", "the tenant has no SMS provider"),
        ("update sms_provider set enabled = false", "the tenant's SMS provider is disabled"),
    ],
)
def test_without_a_provider_it_fails_and_says_so(room: SmsRoom, change: str, why: str) -> None:
    room.sql(change)
    with room.sender():
        room.queue()
        room.until_states(failed=1)
    ((error,),) = room.rows("select last_error from notification")
    assert error.startswith(why)
    assert room.sink.posts() == []


def test_a_hanging_provider_does_not_keep_the_others_waiting(room: SmsRoom) -> None:
    room.sink.hangs(times=3)
    room.queue(members=20)
    with room.sender():
        room.until_states(accepted=17, sending=3)


def test_told_to_end_it_finishes_what_is_under_way(room: SmsRoom) -> None:
    """No request that was answered is left unrecorded."""
    room.sql("update sms_provider set timeout_seconds = 1")
    room.sink.hangs()
    room.queue()
    with room.sender() as process:
        room.until_posts(1)
        process.send_signal(signal.SIGTERM)
        assert process.wait(8) == 0
    assert room.states() == {"queued": 1}
    assert room.rows("select last_error from notification") == [("no answer within 1 s",)]


def test_neither_number_nor_text_is_in_the_log(room: SmsRoom) -> None:
    room.sink.refuses(400, body="0909789846")
    with room.sender(LOG_LEVEL="debug"):
        room.queue(members=2)
        room.until_states(accepted=1, failed=1)
    assert "909789846" not in room.log()
    assert "vContact" not in room.log()


def test_each_attempt_says_what_became_of_it(room: SmsRoom) -> None:
    """The name of the request stays while the fate of one is unknown, whatever is answered to the next."""
    body = '{"to": "{to}", "id": "{notification_id}", "ref": "{request_id}"}'
    room.sql("update sms_provider set body_template = %(body)s", body=body)
    room.sink.resets(after_taking=True)
    room.sink.refuses(503, body="call 0909789846 later", headers={"Retry-After": "1000"})
    with room.sender():
        room.queue()
        for tries in (1, 2):
            room.until_posts(tries)
            room.until_states(queued=1)
            ((wait,),) = room.rows("select extract(epoch from next_attempt_at - now())::int from notification")
            assert wait <= 11 if tries == 1 else 990 <= wait <= 1200
            room.sql(
                "update sms_provider_state set paused_until = null; update notification set next_attempt_at = now()"
            )
        room.until_states(accepted=1)
    assert room.rows("select fate, reply from notification_attempt order by id") == [
        ("unknown", None),
        ("refused", "call …846 later"),
        ("accepted", '{"id": "sink-2"}'),
    ]
    first, second, third = (post["ref"] for post in room.sink.posts())
    assert first == second == third
    assert len(first) <= 50


def test_the_row_chooses_the_driver_the_sender_and_what_a_reply_means(room: SmsRoom) -> None:
    room.sql("update sms_provider set sender = 'ACME-VN'")
    room.sql(
        "insert into sms_reply_rule select id, 1, 200, 'no template', 'failed', 'not registered' from sms_provider"
    )
    room.sink.answers('{"error": "no template"}')
    with room.sender():
        room.queue()
        room.until_states(failed=1)
        assert room.rows("select last_error from notification") == [("not registered",)]
        assert room.sink.posts()[0]["sender"] == "ACME-VN"
    with ApiServer(esms) as api:
        room.sql(
            "update sms_provider set driver = 'esms', url = %(url)s, credentials = %(credentials)s",
            url=api.url + "/MainService.svc/json/SendMultipleMessage_V4_post_json/",
            credentials='{"api_key": "${env:USER}", "secret_key": "${env:TOKEN}"}',
        )
        with room.sender(**SECRETS):
            room.queue()
            room.until_states(failed=1, accepted=1)
        (taken,) = api.taken
    assert (taken.to, taken.sender) == ("0844440001", "ACME-VN")
    assert room.rows("select provider_message_id from notification where state = 'accepted'") == [("id-1",)]
    assert "s3cr3t" not in room.log()
