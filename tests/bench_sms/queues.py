"""The two queues by themselves: events from the spool into the ledger, notifications from the ledger to a provider."""

import os
import subprocess
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final

from deploy.wait import until
from kemi.domain.events import Event, OfferedLeg
from sql import seed
from tests.bench_sms.figures import Events, Texts
from tests.bench_sms.sink import running_sink
from tests.ledger_room import LedgerRoom, ledger_room, running
from tests.told import ANSWERED_0, BYE, GAVE_UP, RANG_0, changed, of_call

LATENCY: Final = 0.05  # s, of the provider
_PATIENCE: Final = 600.0
_LEGS: Final = tuple(OfferedLeg(leg, 0, leg + 1, f"+8484444191{leg}", 1, True) for leg in range(5))
_AT_ONCE: Final = 200  # calls under way at one time
_QUEUE: Final = """
    insert into call (id, node, instance, tenant_id, sip_call_id, arrived_at, outcome)
    select 'c' || n, 'test', 'test-0-0', 1, 'x', now(), 'missed' from generate_series(1, %(calls)s) n;
    insert into notification (call_id, tenant_id, member_id, member_number, kind, state, caller_number, called_at)
    select 'c' || n, 1, m, '+8484444191' || m, 'missed', 'queued', '+849090' || lpad(n::text, 5, '0'), now()
    from generate_series(1, %(calls)s) n, generate_series(0, 4) m
"""


def events(calls: int) -> Events:
    """Let the writer read the spool of `calls` calls of five members, every second one missed, all there at once."""
    with ledger_room() as room:
        _seed(room, "http://127.0.0.1:1/")
        _spool(room, calls)
        size = room.file.stat().st_size
        lines = room.file.read_bytes().count(b"\n")
        all_read = "select byte_offset from spool_file"
        took = _measured(lambda: room.rows(all_read) == [(size,)], room, ["kemi.ledger.writer"])
        ((found, told),) = room.rows("select (select count(*) from call), (select count(*) from notification)")
        assert found == calls
        return Events(lines, found, told, *took)


def texts(senders: int, calls: int, threads: int) -> Texts:
    """Let `senders` processes send five SMS of each of `calls` calls; they are all queued at once."""
    with ledger_room() as room, running_sink(room.var_dir, LATENCY) as sink:
        _seed(room, sink.url)
        with room.conn, room.conn.cursor() as cur:
            cur.execute(_QUEUE, {"calls": calls})
        # two questions, each answered by an index: who looks must not take the time of who works
        waits = """select not exists (select from notification where state = 'queued')
                      and not exists (select from notification where state = 'sending')"""
        programs = ["sms.sender"] * senders
        took = _measured(lambda: room.rows(waits) == [(True,)], room, programs, SMS_THREADS=str(threads))
        posted = [one.notification for one in sink.seen()]
        assert len(posted) == len(set(posted)) == calls * 5, "lost or doubled"
        return Texts(senders, len(posted), *took)


def _measured(done: Callable[[], bool], room: LedgerRoom, programs: Sequence[str], **env: str) -> tuple[float, float]:
    """Run `programs` until it is `done`; return the seconds since the first was ready, and the CPU-s they took."""
    with ExitStack() as stack:
        processes = [stack.enter_context(running(room.process(one, **env))) for one in programs]
        assert until(lambda: " ready" in room.log(), 60.0), room.log()
        begun, before = time.monotonic(), sum(map(_cpu, processes))
        assert until(done, _PATIENCE, every=0.02), room.log()
        return time.monotonic() - begun, sum(map(_cpu, processes)) - before


def _cpu(process: subprocess.Popen[bytes]) -> float:
    fields = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _seed(room: LedgerRoom, url: str) -> None:
    values: dict[str, Any] = {"trunk_address": "127.0.0.10", "gateway_host": "127.0.0.20", "gateway_port": 5060}
    seed.load(room.conn, "vcontact", **values, sms_url=url)


def _spool(room: LedgerRoom, calls: int) -> None:
    """Write events as a busy edge does: calls begin, ring and end while others are under way."""
    for step in range(calls + _AT_ONCE):
        for age in (0, _AT_ONCE // 4, _AT_ONCE):
            number = step - age
            if 0 <= number < calls:
                room.put(*_events(number, age))


def _events(number: int, age: int) -> list[Event]:
    name = f"c{number}"
    received = changed(tenant_id=1, hotline_id=1, group_id=1, legs=_LEGS, skipped=(), sip_call_id=f"{name}@bench")
    if age == 0:
        return of_call(name, received, *(_rang(leg) for leg in range(5)))
    if number % 2:
        return of_call(name, GAVE_UP) if age == _AT_ONCE else []
    return of_call(name, BYE if age == _AT_ONCE else ANSWERED_0)


def _rang(leg: int) -> Event:
    return type(RANG_0)("", leg, 0, 180)
