"""The sender over SMPP: with our strict SMSC, and with the server of another SMPP library, as it comes."""

import asyncio
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import smpp34

from deploy.desk import trying
from deploy.wait import until
from tests.sms_room import SmsRoom
from tests.smsc import PASSWORD, SYSTEM_ID, Smsc
from tests.smsc_driver import ENV, use

UNBIND = 0x6


def test_every_member_is_told_over_one_bind_and_the_sender_says_goodbye(room: SmsRoom) -> None:
    with Smsc() as smsc:
        use(room, smsc.url)
        with room.sender(**ENV) as process:
            room.queue(members=30)
            room.until_states(accepted=30)
            process.send_signal(signal.SIGTERM)
            assert process.wait(20) == 0
        assert smsc.binds == 1
        assert UNBIND in [smsc.heard.get(timeout=20).command for _ in range(smsc.heard.qsize())]
        assert {one.sender for one in smsc.taken} == {"vContact"}
        assert len({one.to for one in smsc.taken}) == len(smsc.taken) == 30
    ids = {row for (row,) in room.rows("select provider_message_id from notification")}
    assert ids == {f"id-{number}" for number in range(1, 31)}
    assert PASSWORD not in room.log()
    assert SYSTEM_ID not in room.log()


def test_a_lost_answer_is_asked_again_or_held_as_the_row_says(room: SmsRoom) -> None:
    with Smsc() as smsc:
        use(room, smsc.url)
        room.sql("update sms_provider set on_unknown = 'hold'")
        smsc.cuts()
        with room.sender(**ENV):
            room.queue()
            room.until_states(unknown=1)
            room.queue()
            room.until_states(unknown=1, accepted=1)
        assert len(smsc.taken) == 2
    assert room.rows("select last_error from notification where state = 'unknown'") == [
        ("the line ended before the SMSC answered",)
    ]


def test_one_that_is_refused_for_the_time_being_is_tried_again(room: SmsRoom) -> None:
    with Smsc() as smsc:
        use(room, smsc.url)
        smsc.answers(0x64)
        with room.sender(**ENV):
            room.queue()
            assert until(lambda: bool(room.rows("select from notification_attempt where fate = 'refused'")), 20.0)
            room.until_states(queued=1)
            room.sql("update notification set next_attempt_at = now()")
            room.until_states(accepted=1)
        assert len(smsc.taken) == 1
    assert room.rows("select http_status, fate from notification_attempt order by id") == [
        (0x64, "refused"),
        (0, "accepted"),
    ]


@pytest.mark.parametrize(("on_unknown", "times", "state"), [("retry", 2, "accepted"), ("hold", 1, "unknown")])
def test_a_sender_killed_while_the_smsc_has_it_leaves_what_the_row_says(
    room: SmsRoom, on_unknown: str, times: int, state: str
) -> None:
    """The SMSC has taken it; nobody has heard so."""
    with Smsc() as smsc:
        use(room, smsc.url)
        room.sql("update sms_provider set on_unknown = %(on_unknown)s", on_unknown=on_unknown)
        smsc.hangs()
        room.queue()
        with room.sender(**ENV) as process:
            assert until(lambda: len(smsc.taken) == 1, 20.0), room.log()
            process.send_signal(signal.SIGKILL)
            process.wait(20)
        room.lease_over()
        with room.sender(**ENV):
            room.until_states(**{state: 1})
        assert len(smsc.taken) == times


def test_one_real_sms_through_the_row_shows_what_was_said_and_no_password(room: SmsRoom) -> None:
    with Smsc() as smsc:
        use(room, smsc.url)
        provider = str(room.rows("select id from sms_provider")[0][0])
        tried = trying.send(room.conn, provider, "+84844441909", "", ENV)
        assert len(smsc.taken) == 1
    words = tried.in_words()
    assert (tried.fate, tried.message_id) == ("accepted", "id-1")
    assert "bind_transceiver Account(127.0.0.1:" in words
    assert "submit_sm " in words
    assert "command_status=0x0" in words
    assert PASSWORD not in words


async def serve(port: int, taken: list[tuple[str, bytes]], started: threading.Event, end: threading.Event) -> None:
    """Answer every submit_sm, until the end."""
    smsc = smpp34.Server("127.0.0.1", port, system_id="smpp34")
    await smsc.start()
    started.set()
    ending = asyncio.create_task(asyncio.to_thread(end.wait))
    while not ending.done():
        coming = asyncio.ensure_future(smsc.next())
        await asyncio.wait([coming, ending], return_when=asyncio.FIRST_COMPLETED)
        if coming.done() and isinstance(event := coming.result(), smpp34.SubmitSmEvent):
            taken.append((event.destination_addr, event.short_message))
            event.accept(f"rust-{len(taken)}")
        coming.cancel()
    await smsc.stop()


@contextmanager
def server(taken: list[tuple[str, bytes]]) -> Iterator[int]:
    """Run smpp34's server; give its port."""
    with Smsc() as free:  # a port that nobody has
        port = int(free.url.rpartition(":")[2])
    started, end = threading.Event(), threading.Event()
    thread = threading.Thread(target=lambda: asyncio.run(serve(port, taken, started, end)))
    thread.start()
    try:
        assert started.wait(20)
        yield port
    finally:
        end.set()
        thread.join(20)


def test_it_gets_on_with_the_server_of_another_library(room: SmsRoom) -> None:
    """Which has windows, timers and a codec of its own."""
    taken: list[tuple[str, bytes]] = []
    with server(taken) as port:
        use(room, f"smpp://127.0.0.1:{port}")
        with room.sender(**ENV):
            room.queue(members=20)
            room.until_states(accepted=20)
    assert len({to for to, _ in taken}) == len(taken) == 20
    assert {text[:39] for _, text in taken} == {b"(vContact) Ban da bi nho 1 cuoc goi tu "}
    ids = {row for (row,) in room.rows("select provider_message_id from notification")}
    assert ids == {f"rust-{number}" for number in range(1, 21)}
