"""An edge with two rtpengines: one is killed, and nothing answers in its place; then it is there again."""

import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from itertools import pairwise
from threading import Event, Thread

import pytest

from deploy.wait import until
from kemi.domain.media import Node
from kemi.watch.rpc import Rpc, RpcError
from tests.edge import HOTLINE, Edge, running_edge
from tests.integration.media.test_nodes import Two
from tests.media_room import answered, hear_each_other, offer
from tests.rtpengine import is_up
from tests.sip import Call, Customer, Member
from tests.telephone import Telephone

pytestmark = [pytest.mark.may_log(part, "alarm=rtpengine_down") for part in ("kamailio", "watch")]
WAIT_MS = 1000  # of tests' edges, in three sendings
WORKERS = 2


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Two]:
    """Both run."""
    with ExitStack() as open_:
        yield Two(tmp_path_factory.mktemp("two"), open_)


@pytest.fixture(scope="module")
def edge(tmp_path_factory: pytest.TempPathFactory, two: Two) -> Iterator[Edge]:
    """One that new calls share both of."""
    nodes = " ".join(f"udp:{node.ip}:{node.port}" for node in two.nodes)
    with running_edge(tmp_path_factory.mktemp("edge_of_two"), rtpengine=nodes) as edge:
        yield edge


class Asked:
    """The questions about calls that a silent node has been sent, each with when it came."""

    def __init__(self) -> None:
        self.at: dict[bytes, list[float]] = {}  # by cookie

    def takes(self, raw: bytes) -> None:
        cookie, _, question = raw.partition(b" ")
        if b"call-id" in question:
            self.at.setdefault(cookie, []).append(time.monotonic())


@contextmanager
def silent(node: Node) -> Iterator[Asked]:
    """Take what comes for a dead node, as a network does that loses it: without an ICMP error."""
    asked, over = Asked(), Event()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind((node.ip, node.port))
        sock.settimeout(0.05)

        def hears() -> None:
            while not over.is_set():
                try:
                    asked.takes(sock.recv(65_536))
                except TimeoutError:
                    continue

        ear = Thread(target=hears)
        ear.start()
        try:
            yield asked
        finally:
            over.set()
            ear.join()


def is_marked(edge: Edge) -> bool:
    """Wait until all workers know that the first is down."""
    rpc = Rpc(edge.stack.settings.var_dir / "run" / "kamailio.rpc", "media")

    def marked() -> bool:
        try:
            rpc.ask("htable.get", "down", "r0")
        except RpcError:
            return False
        return True

    with closing(rpc):
        return until(marked, 10.0)


def one_each(
    two: Two, customer: Customer, bob: Member, customers: Telephone, members: Telephone
) -> dict[int, tuple[Call, Member]]:  # fmt: skip
    """A call that talks through each of them."""
    held: dict[int, tuple[Call, Member]] = {}
    for _ in range(30):
        before = [set(two.calls(node)) for node in (0, 1)]
        call = answered(customer, HOTLINE, bob, customers, members)
        [node] = [node for node in (0, 1) if set(two.calls(node)) - before[node]]
        if node in held:
            assert call.hangs_up() == 200
        else:
            mine = Member(bob.carrier, bob.number)
            mine.legs = [bob.leg]
            held[node] = call, mine
        bob.legs.clear()
        if len(held) == 2:
            return held
    raise AssertionError("all calls go through one")


def test_one_dies_and_the_other_has_all_calls_until_it_is_back(
    edge: Edge, two: Two, customer: Customer, bob: Member, customers: Telephone, members: Telephone, log_since: int
) -> None:
    """Each worker asks it once at most, and no longer than RTPENGINE_WAIT_MS; no call is refused."""
    held = one_each(two, customer, bob, customers, members)
    for call, member in held.values():
        hear_each_other(call, member, customers, members)
    two.kill(0)
    with silent(two.nodes[0]) as asked:
        for _ in range(40):
            call = customer.calls(HOTLINE, sdp=offer(customers, customer.who))
            bob.rings()
            assert call.is_ringing
            assert call.cancels() == 200
            assert call.final() == 487
            bob.legs.clear()
            if asked.at:
                break
        assert is_marked(edge)
        offers = {cookie: at for cookie, at in asked.at.items() if len(at) > 1}
        assert len(offers) <= WORKERS
        assert all(len(at) <= 3 for at in offers.values())
        gaps = [then - one for at in offers.values() for one, then in pairwise(at)]
        assert all(gap > 0.9 * WAIT_MS / 3000 for gap in gaps), "it gave up sooner than it was told"
        known = set(asked.at)
        call, member = held[1]
        hear_each_other(call, member, customers, members)
        again = answered(customer, HOTLINE, bob, customers, members)
        hear_each_other(again, bob, customers, members)
        assert again.hangs_up() == 200
        bob.legs.clear()
        assert held[0][0].reinvites(offer(customers, customer.who, version=2)).status == 503
        assert held[0][0].hangs_up() == 200
        assert call.hangs_up() == 200
        assert until(lambda: two.calls(1) == [], 10)
        assert all(len(at) == 1 for cookie, at in asked.at.items() if cookie not in known), "only told of ends"
    two.restart(0)
    assert is_up(edge)
    for call, member in one_each(two, customer, bob, customers, members).values():
        hear_each_other(call, member, customers, members)
        assert call.hangs_up() == 200
    assert until(lambda: two.calls(0) == two.calls(1) == [], 10)
    assert "refused code=503" not in edge.log_since(log_since)
