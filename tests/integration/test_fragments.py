"""An INVITE that masking has made larger than an Ethernet frame arrives whole: IP fragments it, nobody truncates it."""

from pathlib import Path
from typing import Any

import pytest

from tests import fragments_room


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """One call on a loopback of MTU 1500, in a namespace of its own."""
    var_dir: Path = tmp_path_factory.mktemp("fragments")
    return fragments_room.in_its_own_namespace(var_dir)


def test_an_invite_over_1500_bytes_reaches_the_member_whole(seen: dict[str, Any]) -> None:
    """Every codec of the offer, masked, and the call is answered with as long an answer."""
    assert seen["sent"] > fragments_room.MTU
    assert seen["received"] > fragments_room.MTU
    assert seen["offered"] == seen["answered_with"] == fragments_room.CODECS
    assert seen["ringing"]
    assert seen["answered"]
    assert seen["acked"]
    assert seen["leaks"] == []


def test_it_crossed_the_wire_in_fragments(seen: dict[str, Any]) -> None:
    """The kernel's own count: the caller's INVITE, four members', the 200 twice; three fragments each at least."""
    assert seen["FragCreates"] >= 7 * 3
    assert seen["ReasmOKs"] >= 7
    assert seen["ReasmFails"] == 0


def test_two_record_routes_of_90_characters_come_back(seen: dict[str, Any]) -> None:
    """In the member's BYE, unchanged and in order; the call ends on both sides."""
    assert [len(each) for each in seen["routes"]] == [90, 90]
    assert seen["bye_routes"] == seen["routes"]
    assert seen["member_hangs_up"] == 200
    assert seen["caller_was_hung_up"]
