"""A provider may be slower than any timeout says, one octet after the other: who asks it keeps what it holds."""

import socket
import threading
import time

import psycopg2

from deploy.wait import until
from sms import store
from sms.options import Options
from sms.providers import Accepted, Refused
from sms.sender import Sender
from tests.sms_room import SmsRoom


class Slow:
    """Takes each message, and goes on with the head of its answer until it is told to end it."""

    def __init__(self) -> None:
        self.asked = 0
        self.ends = threading.Event()
        self._socket = socket.create_server(("127.0.0.1", 0))
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._socket.getsockname()[1]}/"

    def _accept(self) -> None:
        while True:
            try:
                line, _ = self._socket.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(line,), daemon=True).start()

    def _serve(self, line: socket.socket) -> None:
        with line:
            line.recv(65536)
            self.asked += 1
            line.sendall(b"HTTP/1.1 200 OK\r\nX-Slow: ")
            while not self.ends.wait(0.1):
                line.sendall(b".")
            line.sendall(b"\r\nContent-Length: 2\r\n\r\nok")

    def close(self) -> None:
        self.ends.set()
        self._socket.close()


def test_what_is_still_being_asked_is_nobody_else_s(room: SmsRoom) -> None:
    """Its lease would have been over, and it would have gone out twice though nobody died."""
    slow = Slow()
    other = psycopg2.connect(room.url)
    room.sql("update sms_provider set timeout_seconds = 1, url = %(url)s", url=slow.url)
    room.queue()
    with room.sender(SMS_LEASE_SECONDS="6"):
        assert until(lambda: slow.asked == 1, 20), room.log()
        ((first,),) = room.rows("select lease_until from notification")
        over = "select now() > %(first)s from notification"
        assert until(lambda: room.rows(over.replace("%(first)s", f"timestamptz '{first}'")) == [(True,)], 20)
        assert store.claim(other, 1, 30) == []
        slow.ends.set()
        room.until_states(accepted=1)
    other.close()
    slow.close()
    assert slow.asked == 1


def test_what_was_being_asked_by_a_sender_that_is_gone_is_taken_over(room: SmsRoom) -> None:
    slow = Slow()
    room.sql("update sms_provider set timeout_seconds = 1, url = %(url)s", url=slow.url)
    room.queue()
    with room.sender(SMS_LEASE_SECONDS="2"):
        assert until(lambda: slow.asked == 1, 20), room.log()
    slow.ends.set()
    with room.sender(SMS_LEASE_SECONDS="2"):
        room.until_states(accepted=1)
    slow.close()
    assert slow.asked == 2


def test_what_was_claimed_too_long_ago_is_not_asked_any_more(room: SmsRoom) -> None:
    """The whole sender stood still, as a machine that was suspended does: by now another may have sent it."""
    room.queue(members=2)
    sender = Sender(Options(threads=1, lease_seconds=30), {})
    late, early = store.claim(room.conn, 2, 30)
    sender._held = {late.attempt_id: (time.monotonic() - 30, late), early.attempt_id: (time.monotonic() - 1, early)}
    assert sender._send(late) == Refused("it was claimed too long ago to be asked now", final=False, cause="setup")
    assert isinstance(sender._send(early), Accepted)
    assert room.received() == [str(early.id)]
