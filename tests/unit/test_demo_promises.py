"""The demo's checks can fail: each deviation from a good call breaks exactly the promise that speaks of it."""

from dataclasses import replace
from typing import Any

import pytest

from deploy.demo.promises import LEAK_PROMISE, Seen, promises
from deploy.demo.stories import CALLER, HOTLINE, MEMBERS, STORIES, TEXTABLE
from deploy.demo.wire import Message, messages
from kemi.audit import Packet

EDGE, CUSTOMER, GATEWAY = ("127.0.0.1", 5060), ("127.0.0.10", 5060), ("127.0.0.20", 5060)
AT = 1568894940.0  # 19:09 19/09/2019 in Ho Chi Minh City
MISSED = STORIES[2]
TEXT = f"(vContact) Ban da bi nho 1 cuoc goi tu so {CALLER} vao luc 19:09 19/09/2019. Vui long kiem tra va lien he lai"


def sip(start: str, *, outward: bool, leg: int | None = None, more: str = "") -> Packet:
    """One message between the edge and the customer, or leg number `leg` at the gateway."""
    method = "INVITE" if start.startswith("SIP/2.0") else start.partition(" ")[0]
    who = f'"Nguyen Van A" <sip:{CALLER}@c>;tag=c1' if leg is None else f"<sip:{HOTLINE}@e>;tag=e1"
    call_id = "customer-1" if leg is None else f"leg-{leg}"
    head = f"{start}\r\nFrom: {who}\r\nTo: <sip:{HOTLINE}@e>\r\nCall-ID: {call_id}\r\nCSeq: 1 {method}\r\n{more}\r\n"
    other = CUSTOMER if leg is None else GATEWAY
    source, target = (EDGE, other) if outward else (other, EDGE)
    return Packet(AT, source, target, head.encode())


def missed_call(invite_more: str = "") -> list[Message]:
    """A call that nobody answers; `invite_more` is added to the first leg's INVITE."""
    packets = [sip(f"INVITE sip:{HOTLINE}@e SIP/2.0", outward=False)]
    for leg, member in enumerate(MEMBERS):
        more = f"P-Asserted-Identity: <sip:{HOTLINE}@e>\r\n" + ("" if leg else invite_more)
        packets.append(sip(f"INVITE sip:{member}@g SIP/2.0", outward=True, leg=leg, more=more))
    packets += [sip(f"CANCEL sip:{member}@g SIP/2.0", outward=True, leg=leg) for leg, member in enumerate(MEMBERS)]
    packets.append(sip("SIP/2.0 480 Temporarily Unavailable", outward=True))
    return messages(packets, EDGE, CUSTOMER)


def good() -> Seen:
    """Everything as promised."""
    numbers = {member: "+84" + member[1:] for member in MEMBERS}
    states = {member: "accepted" if member in TEXTABLE else "not_applicable" for member in MEMBERS}
    ledger: dict[str, list[dict[str, Any]]] = {
        "call": [{"outcome": "missed", "caller_number": "+84" + CALLER[1:], "ended_by": None}],
        "call_leg": [{"member_number": number, "outcome": "no_answer"} for number in numbers.values()],
        "notification": [{"member_number": numbers[member], "state": states[member]} for member in MEMBERS],
    }
    return Seen(missed_call(), ledger, [{"to": member, "text": TEXT} for member in TEXTABLE], [])


def broken(seen: Seen) -> list[str]:
    """Return the promises that are not kept."""
    return [one.text for one in promises(MISSED, seen) if not one.kept]


def test_a_good_call_breaks_no_promise() -> None:
    """Otherwise the tests below would show nothing."""
    assert broken(good()) == []


@pytest.mark.parametrize(
    "header",
    [
        f"X-Caller: {CALLER}",
        "Subject: Nguyen",
        "X-Id: customer-1",
        "X-Raw: +84909789846",
        "X-Code: ZnJvbSAwOTA5Nzg5ODQ2",
    ],
)
def test_anything_of_the_caller_on_a_leg_breaks_the_masking_promise(header: str) -> None:
    """His number in any spelling and code, his name, his Call-ID: the auditor is the judge."""
    seen = good()._replace(messages=missed_call(invite_more=f"{header}\r\n"))
    assert broken(seen) == [LEAK_PROMISE]


def test_a_leg_that_goes_on_ringing_is_noticed() -> None:
    """A CANCEL too few."""
    seen = good()
    without = [m for m in seen.messages if not (m.label == "CANCEL" and m.party == MEMBERS[1])]
    assert broken(seen._replace(messages=without)) == ["every member's telephone stops ringing (CANCEL)"]


@pytest.mark.parametrize("change", [("19:09", "19:10"), ("vContact", "VContact"), (".", "")])
def test_a_text_that_differs_by_a_letter_is_noticed(change: tuple[str, str]) -> None:
    """The two texts are the product's signature."""
    seen = good()
    seen.sms[0]["text"] = TEXT.replace(*change)
    assert [text for text in broken(seen) if "bi nho" in text] == broken(seen) != []


def test_a_text_sent_twice_is_noticed() -> None:
    """One notification at most per call and member."""
    seen = good()
    seen.sms.append(seen.sms[0])
    assert len(broken(seen)) == 1


def test_a_wrong_final_code_is_noticed() -> None:
    """The story says 480; what the customer got is what counts."""
    other = replace(MISSED, final_code=486)
    assert [one.text for one in promises(other, good()) if not one.kept] == ["the customer gets 486"]


def test_trouble_is_a_broken_promise() -> None:
    """A party that missed something makes the demo fail, whatever else is right."""
    assert broken(good()._replace(troubles=["SIPp timed out"])) == ["SIPp timed out"]
