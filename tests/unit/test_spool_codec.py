"""A line of the spool is read back as it was written, or it says why not."""

import zlib

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kemi.domain.events import Answered, OfferedLeg, Rang, Received, Refused, Stamped
from kemi.spool.codec import MAX_LINE, LineError, decode, encode, encode_parts, plain_name


def stamped(event: Answered | Received | Refused) -> Stamped:
    return Stamped(id="edge-0badf00d-1-7.3", seq=3, instance="edge-0badf00d-1", at_us=1, mono_ns=2, event=event)


def received(legs: int) -> Received:
    offered = tuple(OfferedLeg(leg, 0, 10_000_000 + leg, f"+8484444{leg:04d}", 1000, True) for leg in range(legs))
    return Received(
        call="c" * 20,
        trunk_id=1000,
        tenant_id=100_000,
        hotline_id=1_000_000,
        hotline="+842727777787",
        group_id=1_000_000,
        outbound="+842727777787",
        caller="+84909789846",
        withheld=False,
        sip_call_id="x" * 128,
        ring_seconds=170,
        notify_members=True,
        notify_missed="offered",
        legs=offered,
    )


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"])))
def test_any_text_survives_and_stays_on_one_line(text: str) -> None:
    """Newlines, NULs and quotes of the wire do not break the file."""
    event = stamped(Refused("c", 1, None, None, text, None, True, text, "unknown hotline", 404))
    line = encode(event)
    assert line.count(b"\n") == 1
    assert line.endswith(b"\n")
    assert decode(line[:-1]) == event


@given(st.integers(min_value=0), st.integers(min_value=1, max_value=255))
def test_a_changed_byte_is_noticed(place: int, change: int) -> None:
    """One byte changed anywhere in the line is a bad line."""
    line = bytearray(encode(stamped(Answered("c", 1, 0)))[:-1])
    line[place % len(line)] ^= change
    with pytest.raises(LineError):
        decode(bytes(line))


@pytest.mark.parametrize("line", [b"", b"00000000", b"00000000 ", b"x" * 8, b"\xff\xfe", b"00000000 {}"])
def test_a_line_that_is_none_is_refused(line: bytes) -> None:
    with pytest.raises(LineError):
        decode(line)


def test_a_whole_line_of_an_unknown_kind_says_so() -> None:
    """An event of a later version is not called damaged."""
    raw = msgspec.json.decode(encode(stamped(Answered("c", 1, 0)))[9:])
    raw["event"]["kind"] = "teleported"
    text = msgspec.json.encode(raw)
    with pytest.raises(LineError, match="not an event this version knows"):
        decode(b"%08x %b" % (zlib.crc32(text), text))


def test_a_line_of_an_earlier_version_is_read() -> None:
    """A file that waited for its writer over an upgrade; nobody had chosen anything yet."""
    event = received(legs=1)
    raw = msgspec.json.decode(encode(stamped(event))[9:])
    del raw["event"]["withheld_sms"], raw["event"]["min_talk_seconds"]
    text = msgspec.json.encode(raw)
    assert decode(b"%08x %b" % (zlib.crc32(text), text)).event == event


def test_a_full_fork_fits_into_the_line_budget() -> None:
    """30 legs, tm's ceiling, with ids of a large installation."""
    assert len(encode(stamped(received(legs=30)))) <= MAX_LINE


@given(st.text(max_size=20), st.integers(0, 2**40), st.integers(0, 2**60))
def test_a_line_made_of_parts_is_the_line_of_the_stamped(name: str, seq: int, mono_ns: int) -> None:
    """Whatever the node is called."""
    event, plain = Rang("c1", 2, 0, 180), plain_name(name)
    whole = Stamped(f"{name}.{seq}", seq, name, 1_700_000_000, mono_ns, event)
    assert encode_parts(plain, seq, plain, 1_700_000_000, mono_ns, event) == encode(whole)
