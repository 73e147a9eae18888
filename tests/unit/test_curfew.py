"""What ends a call that lasts too long is what its own two tokens say; the edge takes it from the watch alone."""

import pytest

from kemi.curfew import Bye, byes, shown
from kemi.dialog import Dialogs
from kemi.domain.addresses import Hop
from kemi.domain.events import Timed
from kemi.errors import TokenRefused
from kemi.exchange import Taken
from tests.fakes.message import Message
from tests.fakes.world import MemoryTable
from tests.unit.given import HOST, keyring, to_caller, to_member

KEYS = keyring()
WATCH = Hop("127.0.0.1", 40000)
MEMBER_TAG = "bob-1"


def timed(*, parted: bool = False) -> Timed:
    near = to_caller()
    mark = KEYS.dialog_mark(near.call_id, near.tag, MEMBER_TAG)
    far = to_member(call=near.call, dialog=mark)
    if parted:
        both = " ".join(KEYS.seal_in_two(near)), " ".join(KEYS.seal_in_two(far))
    else:
        both = KEYS.seal(near), KEYS.seal(far)
    return Timed(near.call.hex(), 0, 60, *both, MEMBER_TAG)


def taken(bye: Bye) -> tuple[str, Taken]:
    """The user part of the R-URI, and what `kemi.ksr.headers` takes out of the message."""
    message = Message(bye.text("SIP/2.0/UDP 127.0.0.1:40000;branch=z9hG4bKx").encode())
    found = Taken()
    found.from_, found.to, found.call_id = (message.text(name) for name in ("from", "to", "call-id"))
    found.routes = [message.text("route")] if message.first("route") else []
    return bye.uri.removeprefix("sip:").partition("@")[0], found


@pytest.mark.parametrize("parted", [False, True])
@pytest.mark.parametrize("side", [0, 1], ids=["to the caller", "to the member"])
def test_each_bye_is_one_of_its_dialog(side: int, parted: bool) -> None:
    user, found = taken(byes(timed(parted=parted), KEYS, HOST, 0)[side])
    dialogs = Dialogs(MemoryTable(), KEYS, HOST, 86_400, lambda: 0.0)  # whatever the token's age
    relay = dialogs.relay("BYE", user, WATCH, found, ours=True)
    assert relay.exchange.side == ("member", "caller")[side]
    assert relay.uri == (to_caller().target, to_member().target)[side]
    with pytest.raises(TokenRefused):
        dialogs.relay("BYE", user, WATCH, found)


@pytest.mark.parametrize("change", ["call_id", "from_", "to"])
@pytest.mark.parametrize("side", [0, 1])
def test_the_watch_too_must_know_the_dialog(side: int, change: str) -> None:
    user, found = taken(byes(timed(), KEYS, HOST, 0)[side])
    if (side, change) == (0, "from_"):
        return  # the member's tag is not in the caller's token: his telephone refuses a wrong one
    setattr(found, change, getattr(found, change)[:-3] + "AAA")
    dialogs = Dialogs(MemoryTable(), KEYS, HOST, 86_400, lambda: 0.0)
    with pytest.raises(TokenRefused, match="another dialog"):
        dialogs.relay("BYE", user, WATCH, found, ours=True)


def test_each_try_has_a_higher_cseq_below_the_end() -> None:
    numbers = [
        int(Message(byes(timed(), KEYS, HOST, n)[0].text("v").encode()).text("cseq").split()[0]) for n in (0, 1, 59)
    ]
    assert sorted(set(numbers)) == numbers
    assert numbers[0] > 2**31 - 100
    assert numbers[-1] < 2**31


def test_a_token_of_a_key_that_is_gone_is_refused() -> None:
    with pytest.raises(TokenRefused):
        byes(timed(), keyring("2:" + "ab" * 32), HOST, 0)


def test_tokens_the_wrong_way_round_are_refused() -> None:
    right = timed()
    wrong = Timed(right.call, 0, 60, right.to_member, right.to_caller, MEMBER_TAG)
    with pytest.raises(TokenRefused):
        byes(wrong, KEYS, HOST, 0)


@pytest.mark.parametrize(
    ("block", "token"),
    [
        (f"From: x\r\nContact: <sip:abc@{HOST}>\r\nAllow: BYE\r\n", "abc"),
        (f"Contact: <sip:abc@{HOST}>\r\nRecord-Route: <sip:def@{HOST};lr>\r\n", "abc def"),
        (f"Contact: <sip:abc@{HOST}>\r\nRecord-Route: <sip:192.0.2.9;lr>\r\n", "abc"),
    ],
)
def test_the_tokens_of_a_block_are_found(block: str, token: str) -> None:
    assert shown(block, HOST) == token
