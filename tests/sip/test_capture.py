"""The capture sees what the endpoints say they sent."""

from tests.capture import Capture
from tests.sip import Carrier, Customer, Recording


def test_a_capture_holds_every_message_of_a_call_byte_for_byte() -> None:
    recording = Recording()
    with Carrier(recording=recording) as carrier, Customer(carrier.address, recording=recording) as customer:
        with Capture(carrier.address[1]) as capture:
            call = customer.calls("0844441909")
            carrier.member("0844441909").rings().answers()
            assert call.is_answered
            assert call.hangs_up() == 200
        sent = [(p.src, p.dst, p.raw) for p in recording.packets]
        assert [(p.src, p.dst, p.raw) for p in capture.packets] == list(dict.fromkeys(sent))
