"""The capture sees what the endpoints say they sent."""

from tests.capture import Capture, Tape
from tests.sip import Carrier, Customer, Recording
from tests.sip.message import parse


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


def test_each_cut_of_a_tape_holds_what_passed_within_it() -> None:
    """And nothing of before, between or after."""
    with Carrier() as carrier, Customer(carrier.address) as customer, Tape(carrier.address[1]) as tape:
        cuts = []
        for number in range(2):
            assert customer.asks("OPTIONS", headers=[("X-Part", f"before {number}")]).outcome().status == 200
            with tape.cut() as cut:
                assert customer.asks("OPTIONS", headers=[("X-Part", f"part {number}")]).outcome().status == 200
            assert customer.asks("OPTIONS", headers=[("X-Part", f"after {number}")]).outcome().status == 200
            cuts.append(cut)
        for number, cut in enumerate(cuts):
            asked, answered = (parse(each.raw) for each in cut.packets)
            assert (asked.get("x-part"), answered.status) == (f"part {number}", 200)
