"""A call with voice: two telephones on the two sides of an edge that anchors media."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from threading import Event, Thread
from typing import Final

from deploy.wait import until
from tests.listening import a_law, share
from tests.sip import Call, Customer, Member
from tests.sip.dialog import Dialog
from tests.sip.sdp import sdp
from tests.sip.ua import UserAgent
from tests.telephone import Telephone, tone

HIGH, LOW = 1000.0, 400.0  # Hz: what the caller plays, what the member plays
SECONDS: Final = 10.0
FRAMES: Final = 16  # a third of a second


def offer(telephone: Telephone, who: str, *, version: int = 1, mode: str = "sendrecv") -> bytes:
    """What `who` says of his telephone, with everything in it that could name him."""
    crypto = telephone.speaks_by.line() if telephone.speaks_by is not None else ""
    return sdp(telephone.host, telephone.port, who, version=version, mode=mode, crypto=crypto)


def media_of(body: bytes) -> tuple[str, int]:
    """Address and port that an SDP wants its voice at."""
    lines = body.decode().splitlines()
    host = next(line.split()[2] for line in lines if line.startswith("c="))
    return host, int(next(line.split()[1] for line in lines if line.startswith("m=audio")))


def speaks(talker: Telephone, to: tuple[str, int], listener: Telephone, hertz: float, frames: int = FRAMES) -> bool:
    """Play a tone to where the edge wants it, as long as the other telephone does not hear it; whether it does."""
    since, sound, deadline = len(listener.heard), tone(hertz, frames), time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        talker.plays(to, sound)
        if until(lambda: listener.hears(hertz, since), 1.0):
            return True
    return False


@contextmanager
def talking(talker: Telephone, to: tuple[str, int], listener: Telephone, hertz: float) -> Iterator[None]:
    """Have one side speak without a pause; at the end the other has heard all of it: each packet, in order, a tone."""
    ended, since, before = Event(), len(listener.heard), talker.sent

    def talks() -> None:
        while not ended.is_set():
            talker.plays(to, tone(hertz, FRAMES))

    mouth = Thread(target=talks)
    mouth.start()
    try:
        yield
    finally:
        ended.set()
        mouth.join()
    said = talker.sent - before
    assert until(lambda: len(listener.heard) - since >= said, SECONDS), f"{len(listener.heard) - since} of {said} came"
    heard = listener.heard[since:]
    assert all(then.number == (one.number + 1) % 65_536 for one, then in pairwise(heard)), "not in order, or not all"
    voice = a_law(listener.voice(since))
    assert all(share(voice[at : at + 1600], hertz) > 0.9 for at in range(0, len(voice) - 1600, 1600)), "not the tone"


def hear_each_other(call: Call, member: Member, customers: Telephone, members: Telephone) -> None:
    """The customer speaks and the member hears him, then the other way."""
    assert speaks(customers, media_of(call.replies[-1].body), members, HIGH)
    assert speaks(members, media_of(member.invite.body), customers, LOW)


def has(agent: UserAgent, telephone: Telephone) -> None:
    """What this side offers and answers by itself is at this telephone."""
    agent.media_host, agent.media_port = telephone.host, telephone.port


def calls(customer: Customer, hotline: str, telephone: Telephone) -> Call:
    """A call from this telephone."""
    has(customer, telephone)
    return customer.calls(hotline, sdp=offer(telephone, customer.who))


def last(dialog: Dialog, method: str) -> bytes:
    """The body of the latest such request that came in a dialog."""
    return [request.body for request in dialog.requests if request.method == method][-1]


def answered(customer: Customer, hotline: str, member: Member, customers: Telephone, members: Telephone) -> Call:
    """A call to the hotline that this member has answered."""
    has(member.carrier, members)
    call = calls(customer, hotline, customers)
    member.rings()
    assert call.is_ringing
    member.answers(offer(members, member.carrier.who))
    assert call.is_answered
    return call
