"""A token is honoured only in its dialog, from its peer, within its age; anything else gets 481 and a log line."""

import time
from collections.abc import Callable

import msgspec
import pytest

from kemi.tokens import Keyring
from tests.edge import HOTLINE, Edge
from tests.sip import Call, Carrier, Customer, Member
from tests.sip.message import build, user_of


@pytest.fixture
def call(customer: Customer, bob: Member) -> Call:
    """A call that Bob has answered."""
    call = customer.calls(HOTLINE)
    bob.answers()
    assert call.is_answered
    assert bob.was_acked
    return call


@pytest.fixture
def keyring(edge: Edge) -> Keyring:
    """The edge's own keys, to make tokens that only time makes otherwise."""
    key = (edge.stack.settings.var_dir / "edge.key").read_text().strip()
    return Keyring.parse(key, f"{edge.address[0]}:{edge.address[1]}")


def with_user(uri: str, user: str) -> str:
    return uri.replace(user_of(uri), user)


def flip(user: str, at: int) -> str:
    return user[:at] + ("B" if user[at] == "A" else "A") + user[at + 1 :]


FORGERIES: dict[str, Callable[[str], str]] = {
    "first byte": lambda user: flip(user, 0),
    "a byte of the seal": lambda user: flip(user, 8),
    "a byte of the text": lambda user: flip(user, len(user) // 2),
    "the last letter": lambda user: flip(user, len(user) - 2),
    "cut short": lambda user: user[:-4],
    "too long": lambda user: user + "AAAA",
    "not base64": lambda user: "!" + user[1:],
    "a number": lambda _: HOTLINE,
    "very long": lambda user: user * 6,
}


@pytest.mark.parametrize("name", FORGERIES)
@pytest.mark.parametrize("who", ["caller", "member"])
def test_a_forged_token_gets_481(call: Call, bob: Member, edge: Edge, name: str, who: str, log_since: int) -> None:
    side = call if who == "caller" else bob.leg
    forged = with_user(side.target, FORGERIES[name](user_of(side.target)))
    assert side.sends("BYE", uri=forged, to=edge.address).outcome().status == 481
    assert edge.logs("TokenRefused", log_since)
    assert "BYE" not in bob.got
    assert "BYE" not in call.got
    assert call.hangs_up() == 200


def test_a_token_copied_into_another_dialog_gets_481(
    customer: Customer, call: Call, bob: Member, edge: Edge, log_since: int
) -> None:
    """Another Call-ID, another From tag, another To tag: each alone is enough."""
    for side in (call, bob.leg):
        local, remote = side.local_tag, side.remote_tag
        for change in ({"call_id": "another@dialog"}, {"tags": ("other", remote)}, {"tags": (local, "other")}):
            tx = side.sends("BYE", to=edge.address, **change)
            assert tx.outcome().status == 481, change
    second = customer.calls(HOTLINE)
    bob.carrier.must(lambda: len(bob.legs) == 2, "the second call at Bob's")
    bob.answers()
    assert second.is_answered
    assert second.sends("BYE", uri=call.target).outcome().status == 481
    # A member's own tag is not known when his token is made (he may fork, too): the caller refuses that one himself.
    assert edge.logged("error=TokenRefused reason=a_token_in_another_dialog", log_since, times=6)
    assert second.hangs_up() == 200
    assert "BYE" not in bob.legs[0].got
    assert call.hangs_up() == 200


def test_a_token_shown_by_another_peer_gets_481(
    call: Call, bob: Member, stranger: Customer, edge: Edge, log_since: int
) -> None:
    """A stranger who saw the whole dialog, and each side with the other's token."""
    for side in (call, bob.leg):
        bye = side.sends("BYE", to=("127.0.0.1", 9)).request  # made, and sent where nobody listens
        assert stranger.transact(bye, edge.address).outcome().status == 481
    assert call.sends("BYE", uri=bob.leg.target, to=edge.address).outcome().status == 481
    assert bob.leg.sends("BYE", uri=call.target, to=edge.address).outcome().status == 481
    assert edge.logged("error=TokenRefused reason=a_token_shown_by_another_peer", log_since, times=4)
    assert call.hangs_up() == 200


def test_a_token_without_a_to_tag_is_no_way_in(call: Call, bob: Member, stranger: Customer, customer: Customer) -> None:
    """The prototype's hole: a copied token in a new INVITE was forwarded."""
    token = call.target
    assert stranger.calls(HOTLINE, uri=token).final() == 403
    assert customer.calls(HOTLINE, uri=token).final() in {404, 481}
    assert len(bob.legs) == 1
    assert call.hangs_up() == 200


@pytest.mark.parametrize("method", ["BYE", "UPDATE", "INFO", "PRACK", "OPTIONS", "ACK", "CANCEL", "MESSAGE", "REFER"])
def test_no_other_request_outside_a_dialog_gets_anywhere_by_a_token(
    call: Call, bob: Member, customer: Customer, carrier: Carrier, edge: Edge, method: str
) -> None:
    """From the very peers it was given to; an OPTIONS is answered by the edge itself."""
    for peer, token in ((customer, call.target), (carrier, bob.leg.target)):
        fields = [("Via", peer.via()), ("Max-Forwards", "70"), ("From", "<sip:a@b.example>;tag=a1b2c3")]
        fields += [("To", "<sip:c@d.example>"), ("Call-ID", "outside"), ("CSeq", f"1 {method}")]
        tx = peer.transact(build(f"{method} {token} SIP/2.0", fields), edge.address)
        if method == "ACK":
            assert customer.asks("OPTIONS").outcome().status == 200
            assert tx.replies == []
        else:
            expected = {200} if method == "OPTIONS" else {403, 405, 481}
            assert tx.outcome().status in expected
    assert method not in bob.got[2:] + call.got
    assert call.hangs_up() == 200


def test_a_token_that_is_too_old_gets_481(
    call: Call, bob: Member, edge: Edge, keyring: Keyring, log_since: int
) -> None:
    """MAX_CALL_SECONDS after the call's arrival; one that is resealed young is honoured."""
    for side in (call, bob.leg):
        token, key = keyring.open(user_of(side.target))
        for seconds in (86_400 + 3600, -3600):
            at = int(time.time() - seconds).to_bytes(4, "big")
            old = msgspec.structs.replace(token, call=at + token.call[4:])
            uri = with_user(side.target, keyring.seal(old, key))
            assert side.sends("INFO", uri=uri).outcome().status == 481
        uri = with_user(side.target, keyring.seal(token, key))
        assert side.sends("INFO", uri=uri).outcome().status == 200
    assert edge.logged("error=TokenRefused reason=a_token_that_is_too_old", log_since, times=4)
    assert call.hangs_up() == 200


def test_a_token_of_another_edges_key_gets_481(call: Call, edge: Edge, keyring: Keyring) -> None:
    token, _ = keyring.open(user_of(call.target))
    other = Keyring.parse("0:" + "5a" * 32, f"{edge.address[0]}:{edge.address[1]}")
    uri = with_user(call.target, other.seal(token))
    assert call.sends("BYE", uri=uri).outcome().status == 481
    assert call.hangs_up() == 200


def test_an_ack_with_a_forged_token_goes_nowhere(call: Call, bob: Member, customer: Customer, edge: Edge) -> None:
    forged = with_user(call.target, flip(user_of(call.target), 8))
    ack = call.sends("ACK", uri=forged, to=edge.address)
    assert customer.asks("OPTIONS").outcome().status == 200
    assert ack.replies == []
    assert bob.got.count("ACK") == 1
    assert call.hangs_up() == 200
