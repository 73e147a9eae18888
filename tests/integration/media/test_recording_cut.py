"""A recorded call whose rtpengine dies, or whose disk is full: what can be had is there, and what is not is said."""

import os
import resource
from collections.abc import Iterator

import pytest

from deploy.wait import until
from tests.edge import HOTLINE, Edge
from tests.integration.media.recordings import is_heard, recorded, set_records
from tests.media_room import HIGH, LOW, answered, hear_each_other, last, media_of, offer, speaks
from tests.rtpengine import Sessions, is_up
from tests.sip import Customer, Member
from tests.telephone import Telephone

ROOM = 20_000  # bytes


@pytest.fixture(autouse=True)
def records(edge: Edge) -> Iterator[None]:
    """The group records, in every test; no longer than that."""
    set_records(edge, "always", 90)
    yield
    set_records(edge, "never", None)


@pytest.mark.parametrize("who", ["caller", "member", "member_without_offer"])
@pytest.mark.may_log("recorder", "alarm=recording_cut_off")
def test_a_session_that_begins_anew_is_recorded_again(
    who: str, edge: Edge, customer: Customer, bob: Member, customers: Telephone, members: Telephone, sessions: Sessions
) -> None:
    """kill -9; nobody had spoken yet. The re-INVITE that brings the voice back brings its recording, too."""
    call = answered(customer, HOTLINE, bob, customers, members)
    pcaps = edge.stack.settings.var_dir / "recordings" / "raw" / "pcaps"
    assert until(lambda: any(pcaps.iterdir()), 10.0), "nobody waits for `start recording`"
    edge.stack.kill("rtpengine")
    edge.stack.restart("rtpengine")
    assert sessions.become(0)
    assert is_up(edge)
    for file in pcaps.iterdir():
        os.utime(file, (1_795_000_000, 1_795_000_000))  # of the dead one: the recorder need not wait for it
    if who == "caller":
        to_member = media_of(call.reinvites(offer(customers, customer.who, version=2)).body)
        to_caller = media_of(last(bob.leg, "INVITE"))
    elif who == "member":
        to_caller = media_of(bob.reinvites(offer(members, "bob", version=2)).body)
        to_member = media_of(last(call, "INVITE"))
    else:
        customer.script["INVITE"] = 200, [("Content-Type", "application/sdp")], call.describes()
        to_caller = media_of(bob.leg.reinvites_without_offer(offer(members, "bob", version=2)).body)
        assert call.received("ACK")
        to_member = media_of(last(call, "ACK"))
    assert speaks(customers, to_member, members, HIGH)
    assert speaks(members, to_caller, customers, LOW)
    assert call.hangs_up() == 200
    row = recorded(edge, call.call_id)
    assert is_heard(edge, row)
    assert row["why"] == "rtpengine was killed: what came last before is missing"


@pytest.mark.may_log("recorder", "alarm=recording_cut_off")
def test_a_full_disk_costs_the_rest_of_the_recording_and_says_so(
    edge: Edge, customer: Customer, bob: Member, customers: Telephone, members: Telephone, sessions: Sessions
) -> None:
    """No file of rtpengine's may become longer: its writes fail as on a full disk."""
    del sessions
    call = answered(customer, HOTLINE, bob, customers, members)
    pid = edge.stack.pid("rtpengine")
    assert pid is not None
    before = resource.prlimit(pid, resource.RLIMIT_FSIZE)
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (ROOM, before[1]))
    try:
        for _ in range(6):
            hear_each_other(call, bob, customers, members)
        assert call.hangs_up() == 200
        row = recorded(edge, call.call_id)
    finally:
        resource.prlimit(pid, resource.RLIMIT_FSIZE, before)
    assert row["why"] == "it was cut off: the disk for recordings was full"
    assert f"alarm=recording_cut_off call={row['call_id']}" in edge.stack.log("recorder").read_text()
