"""The ledger reads whole lines, and what is written reaches the disk."""

import os
from pathlib import Path

import pytest

from kemi.spool.disk import DiskSync
from kemi.spool.tail import Line, Piece, Tail

NAME = "edge-0badf00d-1-7.jsonl"


def test_only_whole_lines_are_read(tmp_path: Path) -> None:
    file = tmp_path / NAME
    file.write_bytes(b"one\ntwo\nthr")
    tail = Tail(file, 0)
    assert tail.read() == Piece(0, 8, (Line(0, b"one"), Line(4, b"two")))
    tail.offset = 8
    assert tail.read() is None
    assert tail.rest() == Piece(8, 11, (Line(8, b"thr"),))
    file.write_bytes(b"one\ntwo\nthree\n")
    assert tail.read() == Piece(8, 14, (Line(8, b"three"),))
    tail.close()


def test_nothing_new_is_nothing(tmp_path: Path) -> None:
    (tmp_path / NAME).write_bytes(b"one\n")
    tail = Tail(tmp_path / NAME, 4)
    assert tail.read() is None
    assert tail.rest() is None
    tail.close()


def test_an_empty_line_is_a_line(tmp_path: Path) -> None:
    """It is no event: it must come out, to become a dead letter."""
    (tmp_path / NAME).write_bytes(b"\n\n")
    tail = Tail(tmp_path / NAME, 0)
    assert tail.read() == Piece(0, 2, (Line(0, b""), Line(1, b"")))
    tail.close()


def test_a_line_longer_than_a_reading_is_read_whole(tmp_path: Path) -> None:
    (tmp_path / NAME).write_bytes(b"x" * 1_000_000 + b"\nnext\n")
    tail = Tail(tmp_path / NAME, 0)
    piece = tail.read()
    assert piece is not None
    assert [len(line.text) for line in piece.lines] == [1_000_000, 4]
    tail.close()


def test_a_long_file_is_read_piece_by_piece_without_a_gap(tmp_path: Path) -> None:
    lines = [b"%d" % number for number in range(100_000)]
    (tmp_path / NAME).write_bytes(b"\n".join(lines) + b"\n")
    tail = Tail(tmp_path / NAME, 0)
    read = []
    while (piece := tail.read()) is not None:
        assert piece.start == tail.offset
        read += [line.text for line in piece.lines]
        tail.offset = piece.end
    assert read == lines
    tail.close()


def test_the_name_tells_the_instance(tmp_path: Path) -> None:
    for name in (NAME, "edge-0badf00d-1-7_2.jsonl"):
        (tmp_path / name).touch()
        tail = Tail(tmp_path / name, 0)
        assert tail.instance == "edge-0badf00d-1"
        tail.close()


def test_what_changed_is_brought_to_the_disk_and_what_did_not_is_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[str] = []
    monkeypatch.setattr(os, "fdatasync", lambda fd: synced.append(Path(os.readlink(f"/proc/self/fd/{fd}")).name))
    old, new = tmp_path / "old.jsonl", tmp_path / "new.jsonl"
    old.touch()
    os.utime(old, (1, 1))
    (tmp_path / "edge.alive").touch()
    disk = DiskSync(tmp_path)
    assert disk.sync() == 1
    new.touch()
    assert disk.sync() == 1
    assert synced == ["old.jsonl", "new.jsonl"]


def test_no_directory_yet_is_nothing_to_sync(tmp_path: Path) -> None:
    assert DiskSync(tmp_path / "later").sync() == 0
