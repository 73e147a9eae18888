"""From the wire to the SMS, on the whole edge: members who answer, and many callers who hang up at once."""

import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

from deploy.hosts import is_taken
from deploy.wait import until
from kemi.table.store import TableReader
from tests.bench_sms import wire
from tests.bench_sms.figures import Spread, Storm, Three, spread
from tests.bench_sms.queues import LATENCY
from tests.bench_sms.sink import Seen, Sink, running_sink
from tests.capture import Capture
from tests.edge import CUSTOMER_HOST, GATEWAY_HOST, Edge, free_port, running_edge

_ROOM: Final = Path(__file__).parent
_GATEWAY: Final = _ROOM.parents[1] / "sipp_scenarios" / "bench" / "gateway.xml"  # who ends in 1909 answers, others ring
_PATIENCE: Final = 180.0
_FIRST_PORT: Final = 10_000  # media ports: one for each call, so that a leg tells whose it is
_FIVE_MOBILES: Final = """
    update group_member set number = '084444191' || position where number <> e164('0844441909') or %(all)s;
    insert into group_member (group_id, number, position) select id, '0844441915', 5 from external_group;
    update external_group set ring_seconds = 60
"""
_PROBES: Final = (
    10  # calls a second that go on beside the storm; their callers withhold their numbers, so nobody is told
)
_CALM: Final = 4.0  # s of them before the storm comes


def answered(folder: Path, calls: int, rate: int) -> tuple[Spread, int]:
    """Return the delays from a member's 200 on the wire to the arrival of the request, and how many never came."""
    numbers = {_FIRST_PORT + 2 * place: f"0909{place:06d}" for place in range(calls)}
    with _stage(folder, all_ring=False) as (edge, sink, _):
        lines = [f"{number};{port};" for port, number in numbers.items()]
        with Capture(edge.address[1], edge.gateway_port) as capture:
            with _party("caller_talks", lines, rate, edge, folder) as caller:
                caller.wait(_PATIENCE)
            until(lambda: len(sink.seen()) >= calls, _PATIENCE / 3, every=0.2)
        at = wire.answers(capture.packets, numbers)
        told = {f"0{one.caller[-9:]}": one.at for one in reversed(sink.seen())}
    delays = [told[number] - when for number, when in at.items() if number in told]
    return spread(delays), len(at) - len(delays)


def storm(folder: Path, calls: int) -> Storm:
    """Let `calls` callers hang up within one second while five members ring, and others call all the time."""
    step = 1000 / 100  # ms between two calls: they come at 100 a second …
    last = 1000 * calls / 100 + 2000
    lines = [
        f"0908{place:06d};{_FIRST_PORT + 2 * place};{last - step * place + 1000 * place / calls:.0f}"
        for place in range(calls)
    ]
    with _stage(folder, all_ring=True) as (edge, sink, stack):
        probes = ["anonymous;9000;300"] * int(_PROBES * (_CALM + last / 1000 + 30))
        with Capture(edge.address[1], edge.gateway_port) as capture:
            stack.enter_context(_party("caller_hangs_up", probes, _PROBES, edge, folder, name="probe"))
            time.sleep(_CALM)  # what the probes see while nothing else happens
            begun = time.time()
            with _party("caller_hangs_up", lines, 100, edge, folder) as caller:
                caller.wait(_PATIENCE)
            until(lambda: len(sink.seen()) >= calls * 5, _PATIENCE, every=0.2)
        return _told(wire.moments(capture.packets), begun, sink.seen())


def _told(calls: dict[str, wire.Moment], begun: float, seen: Sequence[Seen]) -> Storm:
    ours = [one for name, one in calls.items() if name.startswith("0908")]
    probes = [one for name, one in calls.items() if name.startswith("anonymous")]
    hung_up = sorted(one.cancel for one in ours if one.cancel)
    last_text = max((one.at for one in seen), default=hung_up[-1])
    ranges = ((0.0, begun), (hung_up[0], hung_up[-1] + 1), (hung_up[-1] + 1, last_text))
    parts = [[one for one in probes if since <= one.invite < until_] for since, until_ in ranges]
    return Storm(
        calls=len(ours),
        hung_up_seconds=hung_up[-1] - hung_up[0],
        to_cancel=spread([one.cancelled - one.cancel for one in ours if one.cancel and one.cancelled]),
        to_end=spread([one.ended - one.cancel for one in ours if one.cancel and one.ended]),
        lost=sum(one.ended is None for one in ours),
        trying=Three(*(spread([one.trying - one.invite for one in part if one.trying]) for part in parts)),
        ringing=Three(*(spread([one.ringing - one.invite for one in part if one.ringing]) for part in parts)),
        texts=len(seen),
        texts_seconds=last_text - hung_up[-1],
    )


@contextmanager
def _stage(folder: Path, *, all_ring: bool) -> Iterator[tuple[Edge, Sink, ExitStack]]:
    """Run edge, provider and carrier: five mobiles; `all_ring`: nobody answers."""
    with ExitStack() as stack:
        sink = stack.enter_context(running_sink(folder, LATENCY))
        edge = stack.enter_context(running_edge(folder / "edge"))
        edge.sql("update sms_provider set url = %(url)s", url=sink.url)
        edge.sql(_FIVE_MOBILES, all=all_ring)
        ends = (1911, 1912, 1913, 1914, 1915) if all_ring else (1909, 1912, 1913, 1914, 1915)
        wanted = {f"+8484444{end}" for end in ends}
        assert edge.table_says(lambda table: _members(table) == wanted), "the members are not in the routing table"
        carrier = ["sipp", "-sf", str(_GATEWAY), "-i", GATEWAY_HOST, "-p", str(edge.gateway_port), "-nostdin"]
        carrier += ["-buff_size", "4194304", "-cp", str(free_port(GATEWAY_HOST))]
        stack.enter_context(_running(carrier))
        assert until(lambda: is_taken(GATEWAY_HOST, edge.gateway_port), 20.0), "SIPp does not listen"
        yield edge, sink, stack


@contextmanager
def _party(
    scenario: str, lines: Sequence[str], rate: int, edge: Edge, folder: Path, name: str = "callers"
) -> Iterator[subprocess.Popen[bytes]]:
    """Place a call for each of `lines` at `rate` a second."""
    numbers = folder / f"{name}.csv"
    numbers.write_text("SEQUENTIAL\n" + "".join(f"{line}\n" for line in lines))
    host, port = edge.address
    command = [
        "sipp",
        f"{host}:{port}",
        "-sf",
        str(_ROOM / f"{scenario}.xml"),
        "-inf",
        str(numbers),
        "-i",
        CUSTOMER_HOST,
    ]
    command += ["-p", str(free_port(CUSTOMER_HOST)), "-cp", str(free_port(CUSTOMER_HOST)), "-nostdin"]
    command += ["-m", str(len(lines)), "-r", str(rate), "-l", str(len(lines)), "-buff_size", "4194304"]
    with _running(command) as process:
        yield process


@contextmanager
def _running(command: Sequence[str]) -> Iterator[subprocess.Popen[bytes]]:
    null = subprocess.DEVNULL
    process = subprocess.Popen(["setpriv", "--pdeathsig", "KILL", "--", *command], stdin=null, stdout=null, stderr=null)
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.wait(10)


def _members(table: TableReader) -> set[str]:
    group = table.group_of("+842727777787")
    return set() if group is None else {member.number for member in group.members}
