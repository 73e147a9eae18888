"""The table on disk: read by processes that fork, die and come too early, written by one."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import lmdb
import msgspec
import pytest

from kemi.domain.model import Tenant
from kemi.errors import TableUnavailable
from kemi.table import store
from kemi.table.keys import hotline_key, id_key
from kemi.table.store import TableReader, TableWriter
from tests.table_room import (
    GATEWAY,
    GROUP,
    HOTLINE,
    NUMBER,
    PLAN,
    TENANT,
    TRUNK,
    WRITE_TENANT_7,
    fill,
    fill_in_another_process,
    fork,
    held,
    reading_process,
    slots_of,
)


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """A finished table of RECORDS that no process has open."""
    with TableWriter(tmp_path) as writer:
        fill(writer)
    return tmp_path


@pytest.fixture
def reader(table: Path) -> Iterator[TableReader]:
    reader = TableReader(table)
    yield reader
    reader.close()


def test_every_record_is_read_back(reader: TableReader) -> None:
    assert reader.hotline(NUMBER) == HOTLINE
    assert reader.group(6) == GROUP
    assert reader.tenant(2) == TENANT
    assert reader.plan(3) == PLAN
    assert reader.gateway(4) == GATEWAY
    assert reader.trunk_address("192.0.2.7") == TRUNK


def test_what_is_not_there_is_none(reader: TableReader) -> None:
    assert reader.hotline("+84909789846") is None
    assert (reader.tenant(9), reader.plan(9), reader.gateway(9)) == (None, None, None)
    assert reader.trunk_address("192.0.2.8") is None


def test_an_ipv6_address_is_found_in_any_spelling_and_nonsense_is_nobodys(reader: TableReader) -> None:
    assert reader.trunk_address("2001:DB8:0:0::7") == TRUNK
    assert reader.trunk_address("2001:db8::8") is None
    assert reader.trunk_address("not:an:address") is None


def test_a_reader_from_before_the_table_says_so_and_recovers(tmp_path: Path) -> None:
    early = TableReader(tmp_path / "table")
    with pytest.raises(TableUnavailable):
        early.hotline(NUMBER)
    assert not (tmp_path / "table").exists()  # a reader makes nothing
    fill_in_another_process(tmp_path / "table")
    assert early.hotline(NUMBER) == HOTLINE


def test_a_table_half_built_is_no_table(tmp_path: Path) -> None:
    with TableWriter(tmp_path) as writer:
        writer.apply({hotline_key(NUMBER): msgspec.msgpack.encode(HOTLINE)})
    reader = TableReader(tmp_path)
    with pytest.raises(TableUnavailable, match="not built yet"):
        reader.hotline(NUMBER)
    fill_in_another_process(tmp_path)
    assert reader.hotline(NUMBER) == HOTLINE


def test_a_table_of_another_format_is_not_read_and_is_built_anew(table: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "FORMAT", b"another")
    reader = TableReader(table)
    with pytest.raises(TableUnavailable, match="another format"):
        reader.hotline(NUMBER)
    reader.close()
    with TableWriter(table) as writer:
        assert list(writer.items(b"")) == []


def test_a_tenant_compiled_by_an_earlier_version_is_read(table: Path) -> None:
    """What was not asked then is as its default, which is left out now, too."""
    old = {"id": 2, "name": "vContact", "enabled": True, "plan_id": 3}
    with TableWriter(table) as writer:
        writer.apply({id_key("t", 2): msgspec.msgpack.encode(old)})
    reader = TableReader(table)
    assert reader.tenant(2) == TENANT
    reader.close()
    with TableWriter(table) as writer:
        assert writer.apply({id_key("t", 2): msgspec.msgpack.encode(TENANT)}) == 0


def test_a_record_of_a_later_version_is_read(table: Path) -> None:
    """What this version does not know is left aside."""
    later = {**msgspec.to_builtins(TENANT), "colour": "blue"}
    with TableWriter(table) as writer:
        writer.apply({id_key("t", 2): msgspec.msgpack.encode(later)})
    reader = TableReader(table)
    assert reader.tenant(2) == TENANT
    reader.close()


def test_a_record_that_cannot_be_decoded_is_said_not_guessed(table: Path) -> None:
    with TableWriter(table) as writer:
        writer.apply({hotline_key(NUMBER): b"\xc1"})
    reader = TableReader(table)
    with pytest.raises(TableUnavailable, match="cannot be read"):
        reader.hotline(NUMBER)


def test_only_what_differs_is_written(table: Path) -> None:
    with TableWriter(table) as writer:
        same = msgspec.msgpack.encode(HOTLINE)
        assert writer.apply({hotline_key(NUMBER): same, id_key("t", 99): None}) == 0
        assert writer.apply({hotline_key(NUMBER): b"other", id_key("t", 2): None}) == 2
        assert dict(writer.items(b"h:")) == {hotline_key(NUMBER): b"other"}
        assert list(writer.items(b"t:")) == []


def test_changes_are_written_together_or_not_at_all(table: Path) -> None:
    too_long = b"k" * 512  # LMDB's keys end at 511 bytes
    with TableWriter(table) as writer:
        with pytest.raises(lmdb.Error):
            writer.apply({hotline_key(NUMBER): None, too_long: b"x"})
        assert len(list(writer.items(b"h:"))) == 1


def test_there_is_one_writer(table: Path) -> None:
    with TableWriter(table), pytest.raises(TableUnavailable, match="cannot be written"):
        TableWriter(table)
    with TableWriter(table):
        """The first has gone: the next may write."""


def test_a_reader_opened_before_the_fork_leaves_the_parents_slot_alone(reader: TableReader) -> None:
    """The child gives up what it inherited while the parent is reading; the parent's snapshot stays protected."""
    assert reader.hotline(NUMBER) == HOTLINE
    go, start = os.pipe()

    def child_reads_while_the_parent_does() -> bool:
        inherited = reader._env
        os.read(go, 1)
        return reader.hotline(NUMBER) == HOTLINE and reader._env is not inherited and os.getppid() in slots_of(reader)

    pid = fork(child_reads_while_the_parent_does)
    with reader._env.begin() as txn:
        os.write(start, b"!")
        assert held(pid)
        assert os.getpid() in slots_of(reader)
        assert txn.get(hotline_key(NUMBER)) is not None


def test_the_child_sees_what_is_written_after_the_fork(table: Path, reader: TableReader) -> None:
    assert reader.tenant(7) is None
    new = Tenant(7, "new", enabled=True, plan_id=3)

    def child_sees_it() -> bool:
        subprocess.run([sys.executable, "-c", WRITE_TENANT_7, str(table)], check=True)
        return reader.tenant(7) == new

    assert held(fork(child_sees_it))
    assert reader.tenant(7) == new


def test_a_reader_whose_environment_was_closed_under_it_opens_another(reader: TableReader) -> None:
    assert reader.hotline(NUMBER) == HOTLINE
    reader._env.close()
    assert reader.hotline(NUMBER) == HOTLINE


def test_killed_readers_never_use_up_the_slots(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """12 readers die by kill -9 at a table with 4 slots; each finds the slot of the one before it freed."""
    monkeypatch.setattr(store, "MAX_READERS", 4)
    with TableWriter(tmp_path) as writer:
        fill(writer)
        for _ in range(12):
            process = reading_process(tmp_path)
            process.send_signal(signal.SIGKILL)
            process.communicate()
        assert writer.free_dead_readers() == 1
        assert writer.free_dead_readers() == 0


def test_a_living_readers_slot_is_not_freed(table: Path) -> None:
    process = reading_process(table)
    try:
        with TableWriter(table) as writer:
            assert writer.free_dead_readers() == 0
            assert process.pid in slots_of(writer)
    finally:
        process.communicate("")


def test_what_was_read_is_read_again_only_when_the_table_has_changed(tmp_path: Path) -> None:
    """And that is seen at the next look."""
    with TableWriter(tmp_path) as writer:
        fill(writer)
    looking = TableReader(tmp_path)
    looking.look()
    first = looking.tenant(TENANT.id)
    looking.look()
    assert looking.tenant(TENANT.id) is first
    subprocess.run([sys.executable, "-c", WRITE_TENANT_7, str(tmp_path)], check=True)
    assert looking.tenant(TENANT.id) is first
    looking.look()
    assert looking.tenant(TENANT.id) is not first
    assert getattr(looking.tenant(7), "name", "") == "new"
    looking.close()


def test_a_reader_keeps_a_bounded_number_of_records(tmp_path: Path) -> None:
    """Its memory does not grow with the table."""
    many = 3000
    with TableWriter(tmp_path) as writer:
        fill(writer)
        encoded = {id_key("t", i): msgspec.msgpack.encode(msgspec.structs.replace(TENANT, id=i)) for i in range(many)}
        writer.apply(encoded)
    reader = TableReader(tmp_path)
    reader.look()
    assert all(reader.tenant(i) for i in range(many))
    assert len(reader._kept) <= 1024
