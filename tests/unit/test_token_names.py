"""Keys as they are written, and what is named with them: Call-IDs, tags, origins; hops and ages as tokens hold them."""

import time

import pytest
from hypothesis import given, settings

from kemi import tokens
from kemi.domain.addresses import Hop
from kemi.errors import TokenRefused
from tests.unit.given import ALPHANUMERIC, CALL, HOPS, NOW, SECRET, keyring, to_caller

OTHER = "2b" * 32
KEYS = keyring()

BAD_KEYS = [
    "", "1", "1:", f"1:{SECRET[:-1]}", f"1:{SECRET}a", f"256:{SECRET}", f"-1:{SECRET}", f"x:{SECRET}", f":{SECRET}",
    f"\u0661:{SECRET}", f"1:{'zz' * 32}", f"1:{'1 ' * 32}", f"1:{SECRET},", f"1:{SECRET};2:{OTHER}",
    f"1:{SECRET},1:{OTHER}", f"1:{SECRET},01:{OTHER}", f"1:{SECRET} 2:{OTHER}",
]  # fmt: skip


@pytest.mark.parametrize("text", BAD_KEYS)
def test_a_key_that_is_none_is_refused_in_words_that_do_not_tell_it(text: str) -> None:
    """A short key, or one id for two keys, would be a hole nobody sees."""
    with pytest.raises(ValueError, match=r"^EDGE_KEY ") as refused:
        keyring(text)
    assert SECRET[:8] not in str(refused.value)


def test_keys_may_be_spaced_and_in_capitals() -> None:
    """As people write them."""
    assert keyring(f" 7:{SECRET.upper()} , 8:{OTHER} ").open(keyring(f"7:{SECRET}").seal(to_caller()))[1] == 7


def test_every_leg_of_every_call_has_a_call_id_of_its_own_under_every_key() -> None:
    """At most 64 characters, and the last two name the leg again."""
    seen: dict[str, tuple[object, ...]] = {}
    for secret in (SECRET, OTHER):
        for call in (CALL, tokens.new_call(NOW, b"chancf"), tokens.new_call(NOW + 1, b"chance")):
            for leg in range(30):
                for attempt in range(2):
                    letters = tokens.leg_letters(leg, attempt)
                    made = keyring(f"1:{secret}").leg_call_id(call, letters)
                    assert made not in seen
                    assert len(made) <= 64
                    assert set(made) <= set(ALPHANUMERIC + "-_")
                    assert tokens.leg_of(made[-2:]) == (leg, attempt)
                    seen[made] = (secret, call, leg, attempt)


@pytest.mark.parametrize("letters", ["", "A", "AAA", "A ", "\u00e9A", "@9"])
def test_letters_that_name_no_leg_are_refused(letters: str) -> None:
    """A Call-ID of a stranger ends so."""
    with pytest.raises(ValueError, match=r"letters of a leg|substring not found"):
        tokens.leg_of(letters)


def test_the_callers_tag_and_the_dialogs_mark_are_of_one_call_and_one_key() -> None:
    """Nothing of him is in them."""
    other = keyring(f"1:{OTHER}")
    tags = {k.caller_tag(c, t) for k in (KEYS, other) for c in (CALL, b"another123") for t in ("fromtag", "fromtah")}
    assert len(tags) == 8
    marks = {
        k.dialog_mark(*parts) for k in (KEYS, other) for parts in [("a", "b", "c"), ("ab", "", "c"), ("a", "c", "b")]
    }
    assert len(marks) == 6
    assert {len(mark) for mark in marks} == {6}


def test_each_side_of_a_call_has_an_origin_of_its_own_at_the_edges_host() -> None:
    """The same whenever it is asked for; without the port."""
    assert KEYS.origin(CALL, "caller") == KEYS.origin(CALL, "caller") != KEYS.origin(CALL, "member")
    assert KEYS.origin(CALL, "caller").host == "192.0.2.1"
    assert keyring(host="[2001:db8::1]:5060").origin(CALL, "caller").host == "2001:db8::1"


@settings(max_examples=200, deadline=None)
@given(HOPS)
def test_a_hop_is_unpacked_as_it_was_packed(hop: Hop) -> None:
    """Both families, both transports."""
    packed = tokens.pack_hop(hop)
    unpacked = tokens.unpack_hop(packed)
    assert unpacked[1:] == hop[1:]
    assert tokens.pack_hop(unpacked) == packed  # ::ffff:0:0 may come back as ::ffff:0.0.0.0
    assert tokens.hop_ip(packed) == tokens.pack_ip(hop.ip)


@pytest.mark.parametrize("packed", [b"", b"1", b"12345", b"12345678", b"1" * 17, b"1" * 20])
def test_what_is_no_hop_is_refused(packed: bytes) -> None:
    """Nothing is sent to a guess."""
    with pytest.raises(TokenRefused):
        tokens.unpack_hop(packed)


def test_a_call_is_as_old_as_its_id_says() -> None:
    """To the second; what is no call id has no age."""
    assert tokens.age(tokens.new_call(NOW, b"123456789"), NOW + 90) == 90
    assert len(tokens.new_call(time.time(), b"123456789")) == 10
    for wrong in (b"", CALL[:-1], CALL + b"x"):
        with pytest.raises(TokenRefused):
            tokens.age(wrong, NOW)
