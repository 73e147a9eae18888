"""A token is honoured only for who was given it, in his own dialog, as long as a call may last."""

from typing import Any

import msgspec
import pytest

from kemi import tokens
from kemi.domain.addresses import Hop
from kemi.domain.model import TrunkAddress
from kemi.errors import TokenRefused, TokenTooLong
from kemi.kinds import ToCaller, Token, ToMember
from tests.fakes.world import MemoryTable
from tests.unit.given import CALL, CARRIER, FROM, NOW, STRANGER, TRUNK, headers, taken
from tests.unit.in_dialog import (
    CALLERS_TOKEN,
    CARRIER_MOVED,
    KEYS,
    LEG_ID,
    MEMBERS_TOKEN,
    MOVED,
    OF_CALLER,
    OF_MEMBER,
    OUTBOUND,
    by_caller,
    by_member,
    contact,
    dialogs,
)


@pytest.mark.parametrize("source", [STRANGER, CARRIER, CARRIER_MOVED, Hop("127.0.0.12", 5060), Hop("::1", 5060)])
def test_the_callers_token_is_refused_from_any_other_peer(source: Hop) -> None:
    """A stranger, the carrier, another trunk."""
    with pytest.raises(TokenRefused):
        by_caller(source=source)


@pytest.mark.parametrize("source", [STRANGER, TRUNK, MOVED, CARRIER_MOVED, Hop("::1", 5060)])
def test_the_members_token_is_refused_from_any_other_peer(source: Hop) -> None:
    """A stranger, the caller's trunk, an address that is no gateway's."""
    with pytest.raises(TokenRefused):
        by_member(source=source)


OTHER_LEG = {"call_id": KEYS.leg_call_id(CALL, "BA")[:-2] + LEG_ID[-2:]}
OTHER_CALL = KEYS.leg_call_id(tokens.new_call(NOW, b"other!"), LEG_ID[-2:])


@pytest.mark.parametrize(
    "read",
    [
        {"call_id": "c2@10.9.9.9"},
        {"call_id": ""},
        {"call_id": LEG_ID},
        {"from_": FROM.replace("fromtag", "other")},
        {"from_": FROM.partition(";tag")[0]},
        {"to": "<sip:02727777787@192.0.2.1>;tag=m2"},
        {"to": "<sip:02727777787@192.0.2.1>"},
        {"to": "<sip:02727777787@192.0.2.1;tag=m1>"},
    ],
)
def test_the_callers_token_is_refused_in_any_other_dialog(read: dict[str, Any]) -> None:
    """Call-ID and both tags are those it was made for."""
    with pytest.raises(TokenRefused, match="another dialog"):
        by_caller(**read)


@pytest.mark.parametrize(
    "read",
    [
        {"call_id": "c1@10.9.9.9"},
        {"call_id": ""},
        {"call_id": LEG_ID[:-1] + "\u00e9"},
        {"call_id": OTHER_CALL},
        OTHER_LEG,
        {"to": f"{OUTBOUND};tag=other"},
        {"to": OUTBOUND},
        {"to": f"{OUTBOUND};tag=fromtag"},
    ],
)
def test_the_members_token_is_refused_in_any_other_dialog(read: dict[str, Any]) -> None:
    """The leg's Call-ID and the tag that he was shown; the caller's own are no way in."""
    with pytest.raises(TokenRefused, match="another dialog"):
        by_member(**read)


@pytest.mark.parametrize(("token", "read"), [(MEMBERS_TOKEN, OF_CALLER), (CALLERS_TOKEN, OF_MEMBER)])
def test_a_token_of_the_other_side_is_refused_though_both_have_one_address(token: Token, read: dict[str, Any]) -> None:
    """A carrier that is trunk and gateway at once."""
    table = MemoryTable()
    table.trunks[CARRIER.ip] = TrunkAddress(1, "customers")
    user = KEYS.seal(msgspec.structs.replace(token, peer_ip=tokens.pack_ip(CARRIER.ip)))
    with pytest.raises(TokenRefused, match="another dialog"):
        dialogs(table=table).relay("BYE", user, CARRIER, taken(**read))


@pytest.mark.parametrize(("age", "honoured"), [(-61, False), (-60, True), (0, True), (86400, True), (86401, False)])
def test_a_token_is_honoured_as_long_as_a_call_may_last(age: int, honoured: bool) -> None:
    """A minute before its time, too: clocks of two edges differ."""
    for relay in (by_caller, by_member):
        if honoured:
            assert relay(edge=dialogs(NOW + age)).leg == 4
        else:
            with pytest.raises(TokenRefused, match="too old"):
                relay(edge=dialogs(NOW + age))


def test_a_dialog_of_an_older_key_goes_on_under_it() -> None:
    """Call-ID, tag and the fresh Contact are made with the key that it began with."""
    edge = dialogs(keys="2:" + "2b" * 32 + ",1:" + "17" * 32)
    for relay in (by_caller(edge=edge), by_member(edge=edge)):
        assert isinstance(contact(relay), ToCaller | ToMember)
    assert headers(by_caller(edge=edge).block)["Call-ID"] == LEG_ID


@pytest.mark.parametrize("user", ["", "02727777787", "A" * 120, KEYS.seal(CALLERS_TOKEN)[:-1]])
def test_what_is_no_token_is_refused(user: str) -> None:
    """Before anything of the message is believed."""
    with pytest.raises(TokenRefused):
        dialogs().relay("BYE", user, TRUNK, taken(**OF_CALLER))


@pytest.mark.parametrize("read", [{"contact": "<sip:a\r\nX: 1@b>"}, {"contact": "<>"}, {"record_routes": ["<sip:a"]}])
def test_a_request_that_cannot_be_read_is_a_value_error(read: dict[str, Any]) -> None:
    """From either side."""
    for relay in (by_caller, by_member):
        with pytest.raises(ValueError, match="address"):
            relay(**read)


def test_a_contact_that_fits_no_token_is_refused_not_cut() -> None:
    """From either side."""
    noise = "".join(tokens._base64url(bytes((i, i * 7 % 256, i * 31 % 256))) for i in range(90))
    for relay in (by_caller, by_member):
        with pytest.raises(TokenTooLong):
            relay(contact=f"<sip:{noise}@10.9.9.9>")
