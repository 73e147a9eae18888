"""Addresses are read as they must be written, or not at all."""

import contextlib
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kemi.domain import addresses
from kemi.domain.addresses import Hop
from tests.unit.given import HEADER_TEXT

URI = "sip:0909789846@10.9.9.9:5070;user=phone"
VALUES = [
    f"<{URI}>", f"<{URI}>;tag=1", f'"Nguyen Van A" <{URI}>;tag=1', f"Nguyen Van A <{URI}>", f'  "x"<{URI}>',
    f'"a <sip:b@c> \\" d" <{URI}>', f'"a \\\\" <{URI}>', f'"a, b" <{URI}>, <sip:second@x>', f"<{URI}>;x=<y>",
    f"< {URI} >", f'"" <{URI}>', f'"a\r\n b" <{URI}>',
]  # fmt: skip
UNREADABLE = [
    "", " ", "<>", "< >", "<sip:a@b", '"a" <sip:a@b', '"a"', "<sip:a b@c>", "<sip:a@b\r\nX: 1>", "sip:a@b c",
    "<sip:a\0@b>",
    "<sip:a\x7f@b>", "<sip:a\x1b@b>", '<sip:"a"@b>',
    "<sip:a<b@c>", "sip:a@b>;tag=1", ";tag=1", "<\u00a0>", "<sip:a\u2028@b>",
]  # fmt: skip


PIECES = ['"', "\\", "<", ">", ";", "tag=", ";tag=a", "sip:a@b", " ", ",", "x", "\r\n", "=", "\0", "\u00a0"]


@settings(max_examples=1500, deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=14).map("".join))
def test_the_quick_look_sees_what_the_careful_one_sees(value: str) -> None:
    """However a value is put together."""
    assert addresses.tag(value) == addresses.careful_tag(value)
    try:
        careful = addresses.careful_spec(value)
    except ValueError:
        careful = ""
    try:
        quick = addresses.addr_spec(value)
    except ValueError:
        quick = ""
    assert quick == careful


@pytest.mark.parametrize("value", VALUES)
def test_the_uri_is_what_stands_in_the_brackets(value: str) -> None:
    """Whatever the display name quotes."""
    assert addresses.addr_spec(value) == URI


def test_without_brackets_the_parameters_are_the_headers() -> None:
    """RFC 3261 §20."""
    assert addresses.addr_spec(URI + ";tag=1") == "sip:0909789846@10.9.9.9:5070"


@pytest.mark.parametrize("value", UNREADABLE)
def test_what_is_no_address_is_refused(value: str) -> None:
    """Spaces, line ends, controls, brackets and quotes could become another header, or another address."""
    with pytest.raises(ValueError, match="address"):
        addresses.addr_spec(value)


@settings(max_examples=500, deadline=None)
@given(HEADER_TEXT)
def test_a_uri_that_was_read_fits_into_brackets(value: str) -> None:
    """And is read as the same again: nothing in it ends a line, a bracket or a quote."""
    try:
        uri = addresses.addr_spec(value)
    except ValueError:
        return
    assert not set(uri) & set('<>" \r\n\t\0\x7f')
    assert addresses.addr_spec(f"<{uri}>;tag=1") == uri


@pytest.mark.parametrize(
    ("value", "tag"),
    [
        ("<sip:a@b>;tag=abc", "abc"),
        ("<sip:a@b>; TAG = abc ;x=1", "abc"),
        ("<sip:a@b>;x=1;tag=a.b-c_d~e%f*g'h`i!j+k", "a.b-c_d~e%f*g'h`i!j+k"),
        ("sip:a@b;tag=abc", "abc"),
        ('"x" <sip:a@b;tag=of-the-uri>;tag=abc', "abc"),
        ('"x;tag=quoted" <sip:a@b>;tag=abc', "abc"),
        ('"x>;tag=quoted" sip:a@b;tag=abc', "abc"),
        ('<sip:a@b>;x=";tag=quoted>;tag=too";tag=abc', "abc"),
        ("<sip:a@b;tag=of-the-uri>", ""),
        ("<sip:a@b>;nottag=abc", ""),
        ("<sip:a@b>;tagx=abc", ""),
        ("<sip:a@b>;tag=", ""),
        ("<sip:a@b>;tag=a b", ""),
        ("<sip:a@b>;tag=a\r\nX: 1", ""),
        ("<sip:a@b>;tag=a@b", ""),
        ("<sip:a@b>;tag=<a>", ""),
        ('"x;tag=quoted" <sip:a@b>', ""),
        ("", ""),
    ],
)
def test_the_tag_is_the_headers_own(value: str, tag: str) -> None:
    """Not one of the URI, nor one that something quotes; never a part of one."""
    assert addresses.tag(value) == tag


@settings(max_examples=500, deadline=None)
@given(HEADER_TEXT, st.from_regex(r"[A-Za-z0-9.!%*_+`'~-]{1,20}", fullmatch=True))
def test_a_tag_is_a_token_and_is_found_again(name: str, tag: str) -> None:
    """Behind any display name at all."""
    quoted = name.replace("\\", "\\\\").replace('"', '\\"')
    assert addresses.tag(f'"{quoted}" <sip:a@b;tag=no>;tag={tag}') == tag
    assert not set(addresses.tag(name)) & set('<>"@;, \r\n\0')


@pytest.mark.parametrize(
    ("uri", "user"),
    [
        ("sip:alice@10.0.0.1", "alice"),
        ("sips:alice@10.0.0.1;user=phone", "alice"),
        ("sip:0909789846;phone-context=vn@10.0.0.1", "0909789846"),
        ("sip:alice:secret@10.0.0.1", "alice"),
        ("tel:+84909789846;ext=1", "+84909789846"),
        ("TEL:113", "113"),
        ("sip:[2001:db8::1]:5060", ""),
        ("sip:10.0.0.1", ""),
        ("sip:@10.0.0.1", ""),
        ("alice", ""),
        ("", ""),
    ],
)
def test_the_user_is_without_parameters_and_password(uri: str, user: str) -> None:
    """Of a sip or a tel URI."""
    assert addresses.user(uri) == user


V4, V6 = Hop("203.0.113.5", 5070), Hop("2001:db8::1", 5070, "tcp")


@pytest.mark.parametrize(
    ("uri", "source", "where"),
    [
        ("sip:a@203.0.113.5:5080", V4, ("203.0.113.5", 5080, "udp")),
        ("sip:a@203.0.113.5", V4, ("203.0.113.5", 5060, "udp")),
        ("SIP:203.0.113.5;transport=tcp?X=1", V4, ("203.0.113.5", 5060, "udp")),
        ("sip:a@[2001:db8::1]:5080;lr", V6, ("2001:db8::1", 5080, "tcp")),
        ("sip:a@[2001:DB8:0::0:1]:5080", V6, ("2001:DB8:0::0:1", 5080, "tcp")),
        ("sip:a@[2001:db8::1]:5080;Transport=UDP;lr", V6, ("2001:db8::1", 5080, "udp")),
        ("sip:a@[2001:db8::1]:5080;transport=tcp", V6, ("2001:db8::1", 5080, "tcp")),
        ("sip:a@[2001:db8::2]:5080", V6, V6),
        ("sip:a@[::]", V4, V4),
        ("sip:a@192.168.1.2:5080", V4, V4),
        ("sip:a@127.0.0.1:22", V4, V4),
        ("sip:a@pbx.example.net:5080", V4, V4),
        ("sip:203.0.113.5@127.0.0.1", V4, V4),
        ("sip:a@198.51.100.7:5080", V4, ("198.51.100.7", 5080, "udp")),
    ],
)
def test_a_message_goes_only_where_its_owner_spoke_from(uri: str, source: Hop, where: tuple[str, int, str]) -> None:
    """Or to another port of that address, or to a trunk's address; never to a free address, never to a name."""
    assert addresses.hop(uri, source, lambda ip: ip == "198.51.100.7") == where


NO_HOPS = [
    "tel:113", "sips:a@203.0.113.5", "*", "", "sip:", "sip:a@", "sip:a@203.0.113.5:0", "sip:a@203.0.113.5:65536",
    "sip:a@203.0.113.5:x", "sip:a@b@203.0.113.5", "sip:a@203.0.113.5\r\n", "sip:a@203.0.113.5 ", "sip:a@2001:db8::1",
    "<sip:a@203.0.113.5>", "sip:a@203.0.113.5:\u0665\u0660\u0666\u0660",
]  # fmt: skip


@pytest.mark.parametrize("uri", NO_HOPS)
def test_what_is_no_sip_uri_leads_nowhere(uri: str) -> None:
    """It is refused, not guessed."""
    with pytest.raises(ValueError, match=r"address|port"):
        addresses.hop(uri, V4)


@pytest.mark.parametrize(
    ("hop", "uri"),
    [
        (V4, "sip:203.0.113.5:5070"),
        (V6, "sip:[2001:db8::1]:5070;transport=tcp"),
    ],
)
def test_a_hop_is_written_so_that_it_is_read_again(hop: Hop, uri: str) -> None:
    """With its brackets and its transport."""
    assert hop.uri() == uri
    assert addresses.hop(uri, hop) == hop


@pytest.mark.parametrize(
    ("value", "parts"),
    [
        ("", []),
        (" , ,", []),
        ("<sip:a@b>", ["<sip:a@b>"]),
        (" <sip:a@b;lr> ,<sip:c@d>;x=1 ", ["<sip:a@b;lr>", "<sip:c@d>;x=1"]),
        ('"a, b" <sip:a@b>, <sip:c,d@e>', ['"a, b" <sip:a@b>', "<sip:c,d@e>"]),
        ('"a \\", b" <sip:a@b>, c', ['"a \\", b" <sip:a@b>', "c"]),
        ('"a \\\\", <sip:c@d>', ['"a \\\\"', "<sip:c@d>"]),
        ('<sip:a"b@c>, "d<" <sip:e@f>', ['<sip:a"b@c>', '"d<" <sip:e@f>']),
        ("a>, <sip:c@d>", ["a>", "<sip:c@d>"]),
    ],
)
def test_a_list_is_split_at_its_own_commas_only(value: str, parts: list[str]) -> None:
    """Not at those of names and URIs (RFC 3261 §7.3.1)."""
    assert addresses.split_list(value) == parts


@pytest.mark.parametrize("value", ['"a, <sip:b@c>', "<sip:a@b, <sip:c@d", 'a, "\\', '"a\\", b'])
def test_a_list_that_does_not_close_is_refused(value: str) -> None:
    """Where it would end is a guess."""
    with pytest.raises(ValueError, match="without its end"):
        addresses.split_list(value)


@pytest.mark.parametrize("read", [addresses.addr_spec, addresses.split_list, lambda text: addresses.hop(text, V4)])
@settings(max_examples=300, deadline=None)
@given(text=HEADER_TEXT)
def test_reading_an_address_raises_nothing_but_value_error(read: Callable[[str], object], text: str) -> None:
    """The caller then gets 400."""
    with contextlib.suppress(ValueError):
        read(text)


@pytest.mark.parametrize(
    ("host", "without"),
    [
        ("192.0.2.1:5060", "192.0.2.1"),
        ("192.0.2.1", "192.0.2.1"),
        ("edge.example.net:5060", "edge.example.net"),
        ("[2001:db8::1]:5060", "[2001:db8::1]"),
        ("[2001:db8::1]", "[2001:db8::1]"),
    ],
)
def test_a_host_without_its_port_is_still_a_host(host: str, without: str) -> None:
    """IPv6 keeps its brackets."""
    assert addresses.without_port(host) == without
