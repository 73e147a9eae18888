"""A worker's events are in a file of its own when `put` returns, and no disk ever stops a call."""

import os
import resource
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from kemi.domain.events import Answered, Ended, Stamped
from kemi.spool import sink as sink_module
from kemi.spool.codec import decode
from kemi.spool.sink import SpoolSink

INSTANCE = "edge-0badf00d-1700000000000000"


def written(directory: Path) -> dict[str, list[Stamped]]:
    return {file.name: [decode(line) for line in file.read_bytes().splitlines()] for file in directory.glob("*.jsonl")}


def in_child(work: Callable[[], None]) -> None:
    """Run `work` in a forked process that is killed with -9 when it is done."""
    pid = os.fork()
    if pid == 0:
        try:
            work()
            os.kill(os.getpid(), signal.SIGKILL)
        finally:
            os._exit(1)
    _, status = os.waitpid(pid, 0)
    assert os.WTERMSIG(status) == signal.SIGKILL


def test_what_was_put_survives_kill_9(tmp_path: Path) -> None:
    sink = SpoolSink(tmp_path, "edge", INSTANCE)
    in_child(lambda: sink.put(Answered("c1", 2, 0)))
    (lines,) = written(tmp_path).values()
    assert [line.event for line in lines] == [Answered("c1", 2, 0)]


def test_no_file_before_the_first_event(tmp_path: Path) -> None:
    """The main process makes the sink and never writes: it leaves nothing behind."""
    SpoolSink(tmp_path, "edge", INSTANCE)
    assert list(tmp_path.iterdir()) == []


def test_each_process_writes_its_own_file_even_if_the_parent_had_one(tmp_path: Path) -> None:
    sink = SpoolSink(tmp_path, "edge", INSTANCE)
    sink.put(Answered("parent", 0, 0))
    in_child(lambda: sink.put(Answered("child", 0, 0)))
    sink.put(Ended("parent", 0, "caller"))
    calls = {name: [line.event.call for line in lines] for name, lines in written(tmp_path).items()}
    assert sorted(calls.values()) == [["child"], ["parent", "parent"]]
    assert calls[f"{INSTANCE}-{os.getpid()}.jsonl"] == ["parent", "parent"]


def test_ids_are_unique_and_numbered(tmp_path: Path) -> None:
    sink = SpoolSink(tmp_path, "edge", INSTANCE)
    for leg in range(3):
        sink.put(Answered("c", leg, 0))
    (lines,) = written(tmp_path).values()
    assert [line.id for line in lines] == [f"{INSTANCE}-{os.getpid()}.{seq}" for seq in range(3)]
    assert {line.instance for line in lines} == {INSTANCE}


def test_a_file_of_an_earlier_process_with_this_pid_is_left_alone(tmp_path: Path) -> None:
    old = tmp_path / f"{INSTANCE}-{os.getpid()}.jsonl"
    old.write_bytes(b"not ours\n")
    SpoolSink(tmp_path, "edge", INSTANCE).put(Answered("c", 0, 0))
    assert old.read_bytes() == b"not ours\n"
    (new,) = set(tmp_path.glob("*.jsonl")) - {old}
    assert decode(new.read_bytes()[:-1]).id == f"{INSTANCE}-{os.getpid()}_2.0"


def test_the_file_is_for_its_owner_only(tmp_path: Path) -> None:
    """Callers' numbers are in it."""
    SpoolSink(tmp_path, "edge", INSTANCE).put(Answered("c", 0, 0))
    (file,) = tmp_path.glob("*.jsonl")
    assert file.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("limit", [1000, 1001, 1100], ids=lambda limit: f"{limit} bytes")
def test_a_full_disk_stops_no_call_and_nothing_is_lost_when_it_has_room_again(tmp_path: Path, limit: int) -> None:
    """The write comes up short somewhere in a line (RLIMIT_FSIZE stands for the disk)."""
    alarms: list[str] = []
    sink = SpoolSink(tmp_path, "edge", INSTANCE, alarms.append)

    def work() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
        for number in range(20):
            sink.put(Answered(f"c{number}", 0, 0))
        (full,) = tmp_path.glob("*.jsonl")
        assert full.read_bytes().endswith(b"\n"), "half a line was left"
        assert full.stat().st_size <= limit
        assert len(alarms) == 1, "one alarm, not one an event"
        assert alarms[0].startswith("alarm=spool_not_written")
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        sink.put(Answered("c20", 0, 0))

    in_child(work)
    (lines,) = written(tmp_path).values()
    assert [line.event.call for line in lines] == [f"c{number}" for number in range(21)]


def test_a_spool_that_cannot_be_opened_alarms_and_recovers(tmp_path: Path) -> None:
    alarms: list[str] = []
    later = tmp_path / "later"
    sink = SpoolSink(later, "edge", INSTANCE, alarms.append)
    sink.put(Answered("c0", 0, 0))
    assert alarms == [
        f"alarm=spool_not_written error=ENOENT waiting=1 dropped=0 instance={INSTANCE} pid={os.getpid()}",
    ]
    later.mkdir()
    sink.put(Answered("c1", 0, 0))
    (lines,) = written(later).values()
    assert [line.event.call for line in lines] == ["c0", "c1"]


def test_what_waits_is_bounded(tmp_path: Path) -> None:
    """A disk that stays full costs events, oldest first, and never memory without end."""
    sink = SpoolSink(tmp_path / "later", "edge", INSTANCE, lambda _: None)
    for number in range(4096 + 10):
        sink.put(Answered(f"c{number}", 0, 0))
    (tmp_path / "later").mkdir()
    sink.put(Answered("last", 0, 0))
    (lines,) = written(tmp_path / "later").values()
    assert [lines[0].event.call, lines[-1].event.call, len(lines)] == ["c10", "last", 4097]


def test_an_event_that_cannot_be_written_down_is_an_alarm_not_an_exception(tmp_path: Path) -> None:
    alarms: list[str] = []
    sink = SpoolSink(tmp_path, "edge", INSTANCE, alarms.append)
    sink.put(Answered("\ud800", 0, 0))
    assert len(alarms) == 1
    assert alarms[0].startswith("alarm=event_lost kind=Answered")


def test_a_file_is_left_for_a_new_one_after_a_day(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Read files are deleted after some days, and an edge runs for months."""
    sink = SpoolSink(tmp_path, "edge", INSTANCE)
    start, hour = time.monotonic_ns(), 3600 * 10**9
    for hours in (0, 23, 24, 25, 49):
        monkeypatch.setattr(sink_module, "monotonic_ns", lambda now=start + hours * hour: now)
        sink.put(Answered(f"at {hours}", 0, 0))
    calls = {name: [line.event.call for line in lines] for name, lines in written(tmp_path).items()}
    stem = f"{INSTANCE}-{os.getpid()}"
    assert calls == {
        f"{stem}.jsonl": ["at 0", "at 23"],
        f"{stem}_2.jsonl": ["at 24", "at 25"],
        f"{stem}_3.jsonl": ["at 49"],
    }
