"""The provider is asked: what became of what it took, and whether it took what nobody answered."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg2
import pytest

from sms import store
from sms.asking import ask_due
from sms.providers import DRIVERS
from tests.sms_answers import asked_too
from tests.sms_apis import SECRETS, Answer, ApiServer, Asked, Taken
from tests.sms_drivers import ESMS, TWILIO, Driven
from tests.sms_reporters import CREDENTIALS
from tests.sms_room import SmsRoom, sms_room


@pytest.fixture(scope="module")
def one_room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SmsRoom]:
    with sms_room(tmp_path_factory.mktemp("asking")) as room:
        yield room


@pytest.fixture
def room(one_room: SmsRoom) -> SmsRoom:
    """The room, as it was at first."""
    one_room.sql("delete from sms_receipt; delete from call; delete from sms_provider_state")
    one_room.sql("insert into sms_provider_state (provider_id) select id from sms_provider")
    one_room.sql("update sms_provider set on_unknown = 'retry', ask_after_seconds = null")
    return one_room


@contextmanager
def provider(room: SmsRoom, driven: Driven) -> Iterator[ApiServer]:
    """Let the room's provider be this one."""
    with ApiServer(asked_too(driven.api)) as server:
        room.sql(
            "update sms_provider set driver = %(driver)s, url = %(url)s, credentials = %(credentials)s,"
            " timeout_seconds = 2",
            driver=driven.name,
            url=server.url + driven.path,
            credentials=CREDENTIALS[driven.name],
        )
        yield server


@pytest.fixture
def twilio(room: SmsRoom) -> Iterator[ApiServer]:
    """Twilio, that is to be asked whether it has what nobody answered."""
    with provider(room, TWILIO) as server:
        room.sql("update sms_provider set on_unknown = 'query'")
        yield server


def asks(room: SmsRoom, *, after_seconds: int = 0) -> int:
    """Ask all that is ever to be asked, as if so much time had passed."""
    room.sql(
        "update notification_attempt set ask_at = now(), started_at = started_at - make_interval(secs => %(seconds)s)"
        " where ask_at is not null",
        seconds=after_seconds,
    )
    conn = psycopg2.connect(room.url)
    try:
        return ask_due(conn, SECRETS)
    finally:
        conn.close()


def sends(room: SmsRoom, state: str) -> None:
    """Send what is queued, as the sender does; then it is in this state."""
    conn = psycopg2.connect(room.url)
    (claimed,) = store.claim(conn, 1, 30)
    assert claimed.provider is not None
    result = DRIVERS[claimed.provider.driver](claimed.provider, claimed.message, SECRETS)
    assert store.record(conn, claimed, result, 0)
    conn.close()
    assert room.rows("select state from notification order by id desc limit 1") == [(state,)]


def test_what_the_provider_has_is_not_sent_again(room: SmsRoom, twilio: ApiServer) -> None:
    """Its answer was lost. What it says of the message is handed in as a receipt, and its name is known from now on."""
    twilio.cuts(0)
    room.queue()
    sends(room, "unknown")
    twilio.taken[0] = twilio.taken[0]._replace(status="sent")
    assert asks(room) == 1
    assert room.rows("select state, provider_message_id from notification") == [("accepted", "SM1")]
    assert room.rows("select message_id, fate from notification_attempt") == [("SM1", "accepted")]
    assert room.rows("select status, effect from sms_receipt") == [("accepted", "applied")]
    assert len(twilio.taken) == 1


def test_what_the_provider_has_not_is_sent_again_after_a_minute(room: SmsRoom, twilio: ApiServer) -> None:
    """Not before: it may have it and not show it yet."""
    twilio.answers(Answer(504, "not there"))
    room.queue()
    sends(room, "unknown")
    asks(room)
    assert room.states() == {"unknown": 1}
    asks(room, after_seconds=61)
    assert room.states() == {"queued": 1}
    sends(room, "accepted")
    assert len(twilio.taken) == 1
    assert room.rows("select fate from notification_attempt order by id") == [("refused",), ("accepted",)]


def test_another_message_with_the_same_text_is_another(room: SmsRoom, twilio: ApiServer) -> None:
    """The "vua nhan" text has no time in it: two calls of one caller to one member look alike. Its name tells."""
    room.queue(kind="answered")
    sends(room, "accepted")
    room.queue(kind="answered")
    twilio.answers(Answer(504, "not there"))
    sends(room, "unknown")
    asks(room, after_seconds=61)
    assert room.states() == {"accepted": 1, "queued": 1}


@pytest.mark.parametrize("both", [True, False])
def test_of_two_alike_that_nobody_answered_each_is_found_once(room: SmsRoom, twilio: ApiServer, both: bool) -> None:
    """Asked for together: what is the one is not the other, which may not be there."""
    room.queue(kind="answered")
    twilio.cuts(0)
    sends(room, "unknown")
    room.queue(kind="answered")
    if both:
        twilio.cuts(0)
    else:
        twilio.answers(Answer(504, "not there"))
    sends(room, "unknown")
    asks(room)
    asks(room, after_seconds=61)
    names = room.rows("select message_id from notification_attempt order by message_id")  # whichever has which
    assert (room.states(), names) == (
        ({"accepted": 2}, [("SM1",), ("SM2",)]) if both else ({"accepted": 1, "queued": 1}, [("SM1",), (None,)])
    )


def test_what_another_sender_finds_meanwhile_is_its_own(room: SmsRoom, twilio: ApiServer) -> None:
    """Both were told of the same message, and one is not there: that one is sent again."""
    room.queue(kind="answered")
    twilio.cuts(0)
    sends(room, "unknown")
    room.queue(kind="answered")
    twilio.answers(Answer(504, "not there"))
    sends(room, "unknown")
    room.sql("update notification_attempt set ask_at = null where id = (select min(id) from notification_attempt)")
    theirs = "update notification_attempt set message_id = 'SM1' where id = (select min(id) from notification_attempt)"
    api = twilio._api

    def meanwhile(asked: Asked, taken: list[Taken]) -> Answer:
        room.sql(theirs)
        return api(asked, taken)

    twilio._api = meanwhile
    asks(room)
    assert room.states() == {"unknown": 2}
    twilio._api = api
    asks(room, after_seconds=61)
    assert room.states() == {"unknown": 1, "queued": 1}


@pytest.mark.parametrize("answer", [Answer(500, "no"), Answer(200, "<html>"), Answer(401, "{}"), Answer(200, "{}")])
def test_no_answer_says_nothing(room: SmsRoom, twilio: ApiServer, answer: Answer) -> None:
    twilio.cuts(0)
    room.queue()
    sends(room, "unknown")
    twilio.answers(answer)
    asks(room, after_seconds=61)
    assert room.states() == {"unknown": 1}
    assert room.rows("select ask_at > now() from notification_attempt") == [(True,)]
    asks(room)
    assert room.states() == {"accepted": 1}


def test_it_is_asked_for_a_day(room: SmsRoom, twilio: ApiServer) -> None:
    twilio.cuts(-1)
    room.queue()
    sends(room, "unknown")
    asks(room, after_seconds=86_401)
    assert room.rows("select state, ask_at from notification, notification_attempt") == [("unknown", None)]
    assert len(twilio.asked) == 1


@pytest.mark.parametrize(
    ("driven", "status", "state", "why"),
    [
        (TWILIO, "delivered", "delivered", None),
        (TWILIO, "undelivered/30005", "failed", "the member's number is not in use any more"),
        (TWILIO, "sending", "accepted", None),
        (ESMS, "5/1/0", "delivered", None),
        (ESMS, "5/0/1", "failed", "eSMS counts it among the failed"),
        (ESMS, "5/0/0", "accepted", None),
        (ESMS, "2/0/0", "accepted", None),
    ],
)
def test_what_became_of_it_is_asked_where_no_receipt_says_so(
    room: SmsRoom, driven: Driven, status: str, state: str, why: str | None
) -> None:
    """It goes on while there is no last word."""
    with provider(room, driven) as server:
        room.sql("update sms_provider set ask_after_seconds = 600")
        room.queue()
        sends(room, "accepted")
        assert room.rows("select ask_at > now() from notification_attempt") == [(True,)]
        server.taken[0] = server.taken[0]._replace(status=status)
        asks(room)
        assert room.rows("select state, last_error from notification") == [(state, why)]
        kept = str(room.rows("select raw from sms_receipt"))
        assert not any(secret in kept for secret in ("84440001", "909789846", *SECRETS.values()))
        asks(room)
        assert len(server.asked) == (3 if state == "accepted" else 2)


def test_a_receipt_makes_asking_needless(room: SmsRoom) -> None:
    with provider(room, TWILIO) as server:
        room.sql("update sms_provider set ask_after_seconds = 600")
        room.queue()
        sends(room, "accepted")
        room.rows("select take_receipt(id, 'SM1', null, 'delivered', null, '{}') from sms_provider")
        room.conn.commit()
        asks(room)
        assert len(server.asked) == 1
        assert room.rows("select ask_at from notification_attempt") == [(None,)]


def test_a_sender_that_dies_leaves_a_question(room: SmsRoom, twilio: ApiServer) -> None:
    """Its claim is over: whether its request left is asked, too."""
    room.queue()
    room.sql("update sms_provider set ask_after_seconds = 600")
    room.sql("update notification set state = 'sending', text = 'x', lease_until = now() - interval '1 minute'")
    room.sql(
        "insert into notification_attempt (notification_id, provider_id, started_at)"
        " select n.id, p.id, now() - interval '2 minutes' from notification n, sms_provider p"
    )
    with room.sender(**SECRETS):
        room.until_states(accepted=1)
    assert [asked.method for asked in twilio.asked] == ["GET", "POST"]
    assert len(twilio.taken) == 1
    assert room.rows("select ask_at > now() from notification_attempt order by id") == [(None,), (True,)]
