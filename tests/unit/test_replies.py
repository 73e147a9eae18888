"""Replies: the sender of a request gets his own headers back, and of the far side nothing but a token."""

import contextlib
from random import Random
from typing import Any, Final

import pytest
from hypothesis import given, settings

from kemi import tokens
from kemi.domain.addresses import Hop
from kemi.errors import TokenTooLong
from kemi.exchange import Exchange, exchange_of
from kemi.kinds import Token, ToMember
from kemi.replies import Replies
from tests.unit.given import (
    ALPHANUMERIC,
    CALL,
    CARRIER,
    FROM,
    HEADER_TEXT,
    HOST,
    TRUNK,
    headers,
    keyring,
    taken,
    to_caller,
    to_member,
)

KEYS: Final = keyring()
LEG_ID: Final = KEYS.leg_call_id(CALL, "EA")
TO: Final = "<sip:02727777787@192.0.2.1>"
MEMBER: Final = "sip:0844441909@127.0.0.20:5060"
# The 200 of a member, as it comes in.
ANSWER: Final[dict[str, Any]] = {
    "from_": "<sip:02727777787@192.0.2.1>;tag=ours", "to": f"{TO};tag=m1", "call_id": LEG_ID, "contact": f"<{MEMBER}>",
}  # fmt: skip
SECRETS: Final = ("44441909", "127.0.0.20", LEG_ID, "ours", "10.8.8.8")


def initial(**read: Any) -> Exchange:
    """The customer's INVITE, remembered."""
    return exchange_of(CALL, "caller", "INVITE", taken(**read), TRUNK, 1, 1, "02727777787")


def reply(exchange: Exchange, source: Hop = CARRIER, reliable: bool = True, **read: Any) -> dict[str, str]:
    """The headers of the answer as they go back."""
    replies, answer = Replies(KEYS, HOST), taken(**(ANSWER | read))
    return headers(replies.block(exchange, answer, replies.read(answer), source, reliable=reliable))


def opened(lines: dict[str, str]) -> Token:
    """The token in the Contact."""
    return KEYS.open(lines["Contact"].removeprefix("<sip:").removesuffix(f"@{HOST}>"))[0]


def test_the_caller_gets_his_own_headers_and_the_members_tag() -> None:
    """Exactly as he wrote them; of the member nothing."""
    lines = reply(initial(), supported="timer,x", record_routes=["<sip:10.8.8.8;lr>"])
    assert (lines["From"], lines["To"], lines["Call-ID"]) == (FROM, f"{TO};tag=m1", "c1@10.9.9.9")
    assert set(lines) == {"From", "To", "Call-ID", "Contact", "Supported"}
    assert [word for word in SECRETS if word in str(lines)] == []


@pytest.mark.parametrize(
    ("sent", "answered", "back"),
    [
        (TO, f"{TO};tag=m1", f"{TO};tag=m1"),
        (TO, TO, TO),
        (f"{TO};tag=m1", f"{TO};tag=m1", f"{TO};tag=m1"),
        ('"Hot;tag=x line" <sip:02@h>', f"{TO};tag=m1", '"Hot;tag=x line" <sip:02@h>;tag=m1'),
        ("<sip:02@h;tag=of-the-uri>", f"{TO};tag=m1", "<sip:02@h;tag=of-the-uri>;tag=m1"),
        (TO, f"{TO};tag=m1@10.8.8.8", TO),
    ],
)
def test_the_to_is_the_senders_with_one_tag(sent: str, answered: str, back: str) -> None:
    """Only what is a tag of the header itself counts as one."""
    assert reply(initial(to=sent), to=answered)["To"] == back


def test_his_record_routes_come_back_and_the_members_do_not() -> None:
    """RFC 3261 §12.1.1: copied from the request."""
    made = initial(record_routes=["<sip:10.9.9.1;lr>"])
    assert reply(made, record_routes=["<sip:10.8.8.8;lr>"])["Record-Route"] == "<sip:10.9.9.1;lr>"


def test_the_contact_leads_to_the_leg_that_answered() -> None:
    """Its route set reversed, where it spoke from, bound to the caller's dialog."""
    made = initial(record_routes=["<sip:10.9.9.1;lr>"])
    token = opened(reply(made, Hop("127.0.0.20", 5071), record_routes=["<sip:10.8.8.1;lr>", "<sip:10.8.8.2;lr>"]))
    assert isinstance(token, ToMember)
    assert (token.target, token.leg) == (MEMBER, "EA")
    assert (token.routes, token.near_routes) == ("<sip:10.8.8.2;lr>,<sip:10.8.8.1;lr>", "<sip:10.9.9.1;lr>")
    assert tokens.unpack_hop(token.hop) == Hop("127.0.0.20", 5071)
    assert token.peer_ip == tokens.pack_ip(TRUNK.ip)
    assert token.dialog == KEYS.dialog_mark("c1@10.9.9.9", "fromtag", "m1")
    assert token.uri == "sip:02727777787@192.0.2.1"


@pytest.mark.parametrize("token", [to_member(), to_caller()])
def test_inside_a_call_only_the_target_of_the_token_moves(token: Token) -> None:
    """RFC 3261 §12.2.1.2: the route set stays."""
    made = initial()
    made.token = KEYS.seal(token)
    moved = opened(reply(made, contact="<sip:a@127.0.0.20:5099>", record_routes=["<sip:10.8.8.1;lr>"]))
    assert moved.target == "sip:a@127.0.0.20:5099"
    assert (moved.routes, moved.hop, moved.peer_ip) == (token.routes, token.hop, token.peer_ip)


def test_a_dialog_of_an_older_key_is_answered_under_it() -> None:
    """The edge may have changed its key meanwhile."""
    made = initial()
    made.token = KEYS.seal(to_member())
    newer = Replies(keyring("2:" + "2b" * 32 + ",1:" + "17" * 32), HOST)
    answer = taken(**ANSWER)
    lines = headers(newer.block(made, answer, newer.read(answer), CARRIER, reliable=True))
    assert opened(lines).target == MEMBER


def test_a_reply_without_a_contact_shows_none() -> None:
    """To a BYE, say."""
    assert "Contact" not in reply(initial(), contact="")


def test_of_a_plain_180_nobody_says_it_was_reliable() -> None:
    """It would never be PRACKed."""
    lines = reply(initial(), reliable=False, require="100rel", rseq="1", supported="100rel,timer")
    assert set(lines) & {"Require", "RSeq"} == set()
    assert lines["Supported"] == "timer"
    assert reply(initial(), require="100rel", rseq="1")["RSeq"] == "1"


@pytest.mark.parametrize("read", [{"contact": "<sip:a"}, {"contact": "<sip:a\r\nX: 1>"}, {"record_routes": ["<sip:a"]}])
def test_a_reply_that_cannot_be_read_is_a_value_error(read: dict[str, Any]) -> None:
    """It is held back."""
    with pytest.raises(ValueError, match="address"):
        reply(initial(), **read)


def test_a_far_side_that_fits_no_contact_is_refused_not_cut() -> None:
    """As with the caller's."""
    noise = "".join(tokens._base64url(bytes((i, i * 7 % 256, i * 31 % 256))) for i in range(90))
    with pytest.raises(TokenTooLong):
        reply(initial(), contact=f"<sip:{noise}@10.8.8.8>")


@settings(max_examples=300, deadline=None)
@given(HEADER_TEXT, HEADER_TEXT, HEADER_TEXT)
def test_whatever_the_member_writes_the_lines_are_ours(to: str, contact: str, route: str) -> None:
    """No injected header; only `ValueError` for what cannot be read."""
    try:
        lines = reply(initial(), to=to, contact=f"{contact}<sip:a@b>", record_routes=[route])
    except ValueError:
        return
    assert set(lines) == {"From", "To", "Call-ID", "Contact"}
    assert all(value.isprintable() for value in lines.values())


def test_what_the_check_lets_through_can_be_sealed() -> None:
    """At every length of Contact, for calls by the hundred: a 2xx that fails after the check is past holding back."""
    dice, replies, checked = Random(1), Replies(KEYS, HOST), 0
    for each in range(1500):
        call = tokens.new_call(1_700_000_000 + each, dice.randbytes(6))
        user = "".join(dice.choices(ALPHANUMERIC, k=dice.randrange(80, 115)))
        read = taken(**(ANSWER | {"contact": f"<sip:{user}@127.0.0.20>", "call_id": KEYS.leg_call_id(call, "EA")}))
        exchange = initial()
        exchange.call = call
        with contextlib.suppress(TokenTooLong):
            far = replies.read(read)
            replies.check(read, far, CARRIER)
            checked += 1
            try:
                replies.block(exchange, read, far, CARRIER, reliable=True)
            except TokenTooLong:
                pytest.fail(f"a Contact of {len(user)} letters")
    assert 200 < checked < 1500
