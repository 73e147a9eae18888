"""Tokens open for who has the key, tell nothing to who has not, and fit into a Contact."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kemi import packing, tokens
from kemi.errors import TokenRefused, TokenTooLong
from kemi.kinds import ToCaller, Token
from tests.unit.given import ALPHANUMERIC, HOPS, HOST, SECRET, keyring, to_caller, to_member

OTHER = "2b" * 32
KEYS = keyring()
words = st.text(ALPHANUMERIC + ".-_;:@+", max_size=24)
ids = st.integers(0, 2**63)
callers = st.builds(
    to_caller, call=st.binary(min_size=10, max_size=10), trunk=ids, gateway=ids, hop=HOPS.map(tokens.pack_hop),
    target=words.map("sip:{}".format), routes=words, tag=words, call_id=words, dialled=words, uri=words,
)  # fmt: skip
to_members = st.builds(
    to_member, call=st.binary(min_size=10, max_size=10), trunk=ids, gateway=ids, hop=HOPS.map(tokens.pack_hop),
    leg=st.sampled_from(["AA", "_9"]), target=words, routes=words, dialled=words, near_routes=words,
    dialog=st.binary(min_size=6, max_size=6),
)  # fmt: skip
both: st.SearchStrategy[Token] = callers | to_members


def noise(length: int) -> str:
    """Text that no packer makes shorter."""
    return "".join(random.Random(length).choices(ALPHANUMERIC, k=length))


@settings(max_examples=300, deadline=None)
@given(both)
def test_what_is_sealed_is_opened(token: Token) -> None:
    """Every field of it, in characters that a URI's user part may hold, within 255 of Contact."""
    user = KEYS.seal(token)
    assert KEYS.open(user) == (token, 1)
    assert set(user) <= set(ALPHANUMERIC + "-_")
    assert len(f"sip:{user}@{HOST}") <= 255


@settings(max_examples=200, deadline=None)
@given(
    st.integers(0, 400), st.integers(0, 400), st.sampled_from(["a", "192.0.2.1:5060", "h" * 60, "h" * 90, "h" * 120])
)
def test_a_contact_is_never_longer_than_255_or_there_is_none(target: int, routes: int, host: str) -> None:
    """Not truncated, and whatever the edge's own name is."""
    keys = keyring(host=host)
    token = to_caller(target=noise(target), routes=noise(routes))
    try:
        user = keys.seal(token)
    except TokenTooLong:
        assert target + routes > 20 or len(host) > 60
        return
    assert len(f"sip:{user}@{host}") <= 255
    opened, _ = keys.open(user)
    assert isinstance(opened, ToCaller)
    assert (opened.target, opened.routes) == (token.target, token.routes)
    assert opened.uri in {token.uri, ""}


def test_the_length_of_a_contact_tells_nothing_of_a_number() -> None:
    """Numbers of 3 to 15 digits: one length."""
    lengths = {len(KEYS.seal(to_member(target=f"sip:{'9' * n}@127.0.0.20", uri="sip:02@h"))) for n in range(3, 16)}
    assert len(lengths) == 1


def test_contacts_have_one_of_three_lengths() -> None:
    """Whatever is in them."""
    lengths = set()
    for size in range(90):
        lengths.add(len(KEYS.seal(to_caller(target=noise(size), call_id="c", uri=""))))
    assert lengths == {120, 172, 236}


def test_the_callers_uri_is_what_goes_first_and_then_it_is_packed() -> None:
    """A courtesy to his display; the rest is needed."""
    token = to_caller(uri="sip:" + noise(60) + "@10.9.9.9", call_id=noise(40))
    opened, _ = KEYS.open(KEYS.seal(token))
    assert opened == to_caller(uri="", call_id=noise(40))
    long = to_caller(target="sip:a@192.168.100.10:5060;transport=udp", routes="<sip:192.168.100.10;lr>," * 5)
    assert KEYS.open(KEYS.seal(long))[0] == to_caller(target=long.target, routes=long.routes, uri="")


def test_what_does_not_fit_is_refused_in_words_without_values() -> None:
    """The caller gets 513."""
    with pytest.raises(TokenTooLong, match=r"^\d+ bytes of far side, 158 fit into a Contact$"):
        KEYS.seal(to_caller(routes=noise(300)))


@settings(max_examples=300, deadline=None)
@given(both, st.data())
def test_a_token_with_one_bit_changed_is_refused(token: Token, data: st.DataObject) -> None:
    """Any bit of any character."""
    raw = bytearray(KEYS.seal(token).encode())
    at = data.draw(st.integers(0, len(raw) * 8 - 1))
    raw[at // 8] ^= 1 << at % 8
    with pytest.raises(TokenRefused):
        KEYS.open(raw.decode("latin-1"))


@pytest.mark.parametrize("host", [HOST, HOST + "1", HOST + "12", HOST + "123"])
def test_a_token_has_one_spelling(host: str) -> None:
    """Every character replaced by every other, cut anywhere, or with something behind it: refused."""
    keys = keyring(host=host)
    user = keys.seal(to_caller(call_id=noise(60), uri=""))
    others = [
        user[:at] + letter + user[at + 1 :] for at in (0, 1, 60, len(user) - 1) for letter in ALPHANUMERIC + "-_+/="
    ]
    others += [user[:at] for at in range(len(user))] + [
        user + more for more in ("A", "=", "==", "====", "\n", " ", "AAAA")
    ]
    others += [user.replace("-", "+").replace("_", "/"), user.swapcase(), user[::-1], user * 2, " " + user]
    for other in set(others) - {user}:
        with pytest.raises(TokenRefused):
            keys.open(other)


@settings(max_examples=500, deadline=None)
@given(st.text(max_size=260) | st.text(ALPHANUMERIC + "-_=", max_size=260))
def test_whatever_is_shown_as_a_token_is_refused_and_nothing_else(text: str) -> None:
    """No other error reaches the wire, and the refusal says nothing."""
    with pytest.raises(TokenRefused, match=r"^not a token of ours$"):
        KEYS.open(text)


def test_an_old_key_still_opens_and_the_current_one_seals() -> None:
    """Rotation cuts no call: the old dialog's tokens are sealed again with its own key."""
    old, both_keys = keyring(f"1:{SECRET}"), keyring(f"2:{OTHER},1:{SECRET}")
    user = old.seal(to_caller())
    assert both_keys.current == 2
    assert both_keys.open(user) == (to_caller(), 1)
    assert both_keys.seal(to_caller(), 1) == user
    assert both_keys.open(both_keys.seal(to_caller())) == (to_caller(), 2)


@pytest.mark.parametrize("keys", [f"2:{SECRET}", f"1:{OTHER}", f"2:{OTHER}"])
def test_a_key_that_is_gone_or_another_with_its_id_opens_nothing(keys: str) -> None:
    """The id is no secret; the key is."""
    with pytest.raises(TokenRefused):
        keyring(keys).open(KEYS.seal(to_caller()))


@pytest.mark.parametrize(
    "plain", [b"", b"\0", b"\0\xff", b"\0\1\xc0", b"\1\3\xff\xff\xff", b"\0\2\x91\7", b"\0\3\x92\1\xa0", b"\2\0"]
)
def test_a_seal_around_something_else_is_refused(plain: bytes) -> None:
    """No kind of token, too few fields, bad packing: an old release's, say."""
    sealed = bytes((1,)) + KEYS._siv[1].encrypt(plain, None) if plain else bytes((1,))
    with pytest.raises(TokenRefused):
        KEYS.open(tokens._base64url(sealed))


def test_a_packed_token_unpacks_to_little_however_much_is_in_it() -> None:
    """Bounded in memory, should the key ever be used for something else."""
    form, bomb = packing.shrink(bytes(10_000_000))
    assert form == packing.DEFLATED
    assert len(packing.grow(form, bomb)) <= 4096
    plain = b"\1" + bytes((min(len(bomb), 255),)) + bomb[:255]
    with pytest.raises(TokenRefused):
        KEYS.open(tokens._base64url(bytes((1,)) + KEYS._siv[1].encrypt(plain, None)))
