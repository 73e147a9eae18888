"""Scripted SIP endpoints over real sockets, so that tests read as calls."""

from tests.sip.carrier import Carrier, Member
from tests.sip.customer import Call, Customer
from tests.sip.message import Message
from tests.sip.sdp import sdp
from tests.sip.wire import NothingHappened, Packet, Recording, Transport

__all__ = [
    "Call", "Carrier", "Customer", "Member", "Message", "NothingHappened", "Packet", "Recording", "Transport", "sdp",
]  # fmt: skip
