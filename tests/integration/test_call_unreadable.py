"""An answer that cannot be read, on the real stack: nothing of it reaches the caller, and another member can answer.

The proof is the leak check over the recording (tests/conftest.py), and that the caller never saw it.
"""

import pytest

from tests.edge import HOTLINE
from tests.sip import Customer, Member

UNREADABLE = {
    "a body that is no SDP": b"Nguyen Van Ba 0844441909\r\n",
    "media at a name": b"v=0\r\no=ba 1 1 IN IP4 10.4.4.9\r\nc=IN IP4 ba.example\r\nt=0 0\r\nm=audio 9 RTP/AVP 8\r\n",
    "a version that is none": b"v=0\r\no=Nguyen Van Ba 1 1 IN IP4 10.4.4.9\r\ns=-\r\nt=0 0\r\n",
}


@pytest.mark.parametrize("what", UNREADABLE)
def test_an_answer_that_cannot_be_read_is_as_if_it_never_came(
    customer: Customer, bob: Member, carol: Member, what: str
) -> None:
    call = customer.calls(HOTLINE)
    carol.rings()
    assert call.is_ringing
    bob.answers(sdp=UNREADABLE[what])
    carol.answers()
    assert call.is_answered
    assert call.saw == [180, 200]
    assert call.hangs_up() == 200
    assert carol.was_hung_up


@pytest.mark.parametrize("what", UNREADABLE)
def test_a_request_inside_the_call_that_cannot_be_read_is_400_and_goes_no_further(
    customer: Customer, bob: Member, what: str
) -> None:
    call = customer.calls(HOTLINE)
    bob.answers()
    assert call.is_answered
    assert bob.was_acked
    assert call.sends("UPDATE", body=UNREADABLE[what]).outcome().status == 400
    assert call.hangs_up() == 200
    assert bob.was_hung_up
    assert "UPDATE" not in bob.got
