"""Kamailio's log on its way to the disk: numbers are shortened, the writer never waits, no line of ours is changed."""

import io
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from deploy.discreet import Sieve, copy
from deploy.wait import until

COMMAND: Final = [sys.executable, "-m", "deploy.discreet"]


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "kamailio.log"


@pytest.fixture
def sieve(log: Path) -> Iterator[Sieve]:
    sieve = Sieve(COMMAND, log)
    yield sieve
    sieve.close()


def writes(sieve: Sieve, text: bytes) -> None:
    subprocess.run(["sh", "-c", 'printf "%s" "$1" >&2', "sh", text], stderr=sieve.fileno(), check=True)


def copied(text: bytes) -> bytes:
    target = io.BytesIO()
    copy(io.BytesIO(text), target, "0123abcd")
    return target.getvalue()


@pytest.mark.parametrize(
    ("line", "kept"),
    [
        (
            b" 1(47) ERROR: <core> [core/parser/x.c:74]: parse_from_header(): bad From [<sip:0909789846@[x>]\n",
            " 1(47) ERROR: <core> [core/parser/x.c:74]: parse_from_header(): bad From [<sip:…846@[x>]\n".encode(),
        ),
        (b"From: \xff0909789846\n", b"From: \xff\xe2\x80\xa6846\n"),
        (b"0909789846 without an end", "…846 without an end".encode()),
        (b" 0(1) ERROR: x [y.c:1]: z(): source 192.168.172.16:5060\n", None),
        (
            b" 2(48) INFO: <core> [core/kemi.c:1]: sr_kemi_core_info(): 0123abcd call=65001234567890ab1234\n",
            b" 2(48) INFO: <core> [core/kemi.c:1]: sr_kemi_core_info(): call=65001234567890ab1234\n",
        ),
        (b"\n", None),
    ],
)
def test_numbers_are_shortened_and_lines_of_the_edge_are_not_touched(line: bytes, kept: bytes | None) -> None:
    assert copied(line) == (line if kept is None else kept)


@pytest.mark.parametrize(
    ("line", "kept"),
    [
        ("[1795801355.952716] NOTICE: [6b09c1234567b05b29f3]: [core] Creating new call\n", None),
        ("[1795801355.952716] INFO: [6b09c1234567b05b29f3 port 20028]: [core] Confirmed\n", None),
        ("c=IN IP4 203.0.113.5\n", "c=IN IP4 ….5\n"),
        ("c=IN IP6 2001:db8::5\n", "c=IN IP6 …:5\n"),
        ("[1795801355.952716] WARNING: packet from 127.0.0.1:41234: no SDP [sdp3:0909789846] \n",
         "[1795801355.952716] WARNING: packet from ….1:41234: no SDP [sdp3:…846] \n"),
        ("5:label92:" + "dj0wDQpvPS0gMSAxIElOIElQNCAyMDMuMC4xMTMuNQ0K" * 2 + "e\n", "5:label92:…\n"),
    ],
)  # fmt: skip
def test_of_rtpengine_addresses_are_shortened_too(line: str, kept: str | None) -> None:
    """Its own beginning of a line is none: times and a call's id stay."""
    target = io.BytesIO()
    copy(io.BytesIO(line.encode()), target, "rtpengine")
    assert target.getvalue().decode() == (line if kept is None else kept)


def test_a_new_log_is_its_owners_alone(sieve: Sieve, log: Path) -> None:
    writes(sieve, b"line\n")
    assert until(lambda: log.read_text() == "line\n", 5.0)
    assert log.stat().st_mode & 0o777 == 0o600


def test_a_header_that_looks_like_a_line_of_ours_is_none() -> None:
    for forged in (
        b"<core> [core/kemi.c:1]: sr_kemi_core_info(): ",
        b"\n 2(8) INFO: <core> [core/kemi.c:1]: sr_kemi_core_info(): ",
    ):
        line = b" 1(4) ERROR: <core> [core/parser/x.c:1]: f(): [" + forged + b"0909789846]\n"
        assert b"909789846" not in copied(line)


def test_without_a_mark_no_line_is_the_edges() -> None:
    target = io.BytesIO()
    copy(io.BytesIO(b" 2(8) INFO: <core> [core/kemi.c:1]: sr_kemi_core_info():  0909789846\n"), target)
    assert b"909789846" not in target.getvalue()


def test_what_was_written_is_in_the_log_when_it_is_closed(log: Path) -> None:
    sieve = Sieve(COMMAND, log)
    for number in range(50):
        writes(sieve, f"line {number} of 0909789846\n".encode())
    sieve.close()
    assert log.read_text().splitlines() == [f"line {number} of …846" for number in range(50)]


def test_a_copier_that_hangs_keeps_nobody_waiting(sieve: Sieve, log: Path) -> None:
    """Calls matter more than their log: what does not fit is lost."""
    writes(sieve, b"first\n")
    assert until(lambda: log.exists() and log.read_text() == "first\n", 5.0)
    os.kill(sieve._copier.pid, signal.SIGSTOP)
    with pytest.raises(BlockingIOError):
        fill(sieve)
    os.kill(sieve._copier.pid, signal.SIGCONT)


def fill(sieve: Sieve) -> None:
    for _ in range(100):
        os.write(sieve.fileno(), b"x" * 4096)


def test_a_copier_that_dies_is_started_again_and_its_writer_notices_nothing(sieve: Sieve, log: Path) -> None:
    sieve._copier.kill()
    sieve._copier.wait()
    writes(sieve, b"meanwhile\n")
    sieve.tend()
    assert until(lambda: log.read_text() == "meanwhile\n", 5.0)
