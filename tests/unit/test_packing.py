"""Packing: whatever goes in comes out again, and what SIP stacks write takes few bytes."""

import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kemi import packing

pieces = st.one_of(
    st.text("0123456789", max_size=130),
    st.text("0123456789abcdef", max_size=130),
    st.text("0123456789ABCDEF-", max_size=40),
    st.uuids().map(str),
    st.ip_addresses(v=4).map(str),
    st.sampled_from([";lr;ftag=", "<sip:", "@", ",", ".", "01.2.3.4"]),
).map(str.encode)
data = st.lists(pieces | st.binary(max_size=12) | st.sampled_from([b"\xc1", b"\xc1\0"]), max_size=8).map(b"".join)


@settings(max_examples=1000, deadline=None)
@given(data)
def test_what_is_shrunk_grows_again(plain: bytes) -> None:
    """In whichever form; the packed one by itself, too."""
    form, small = packing.shrink(plain)
    assert packing.grow(form, small) == plain
    packed = packing._MAYBE.sub(packing._searched, plain)
    assert packing.grow(packing.PACKED, packed) == plain


@settings(max_examples=1000, deadline=None)
@given(st.integers(0, 255), data)
def test_what_was_never_shrunk_is_refused_in_a_known_way(form: int, garbage: bytes) -> None:
    """A key that was used for something else must not crash a worker."""
    try:
        assert len(packing.grow(form, garbage)) <= 70 * 4096
    except (ValueError, zlib.error):
        return


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("9b1b5ba4-6a2f-4bd6-9d8e-7c3f6d1e0a52", 18),
        ("3c6d1f0e2b9a4c7d5e8f10213a4b5c6d", 18),
        ("F3A9C1D25B7E11EE", 10),
        ("452040123456789", 10),
        ("192.168.100.110", 6),
    ],
)
def test_what_sip_stacks_write_as_text_is_held_in_binary(text: str, size: int) -> None:
    """Two bytes, and half of it or less."""
    assert len(packing._MAYBE.sub(packing._searched, text.encode())) == size
