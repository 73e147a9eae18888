"""The command on capture files: what it finds, what it prints, how it ends; and what it refuses to call a proof."""

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from deploy.settings import ROOT
from kemi.audit import Packet
from tests import pcap
from tests.unit.audit_world import BOB, CALLER, CAROL, EDGE, GATEWAY, HOTLINE, NAME, NUMBER, SAID, back, leg

CLEAN = [SAID, leg(), leg(member=CAROL), back()]
WHO = ("--edge", EDGE[0], "--trunk", CALLER[0], "--gateway", GATEWAY[0])
KNOWN = (*WHO, "--caller", NUMBER, "--caller-name", NAME, "--member", BOB, "--member", CAROL, "--public", HOTLINE)


def command(file: Path, *options: str, path: str | None = None) -> subprocess.CompletedProcess[str]:
    """Run it as an operator does."""
    env = {**os.environ, **({"PATH": path} if path is not None else {})}
    asked = [sys.executable, "-m", "kemi.audit", str(file), *options]
    return subprocess.run(asked, cwd=ROOT, env=env, capture_output=True, text=True, check=False)


def test_a_clean_capture_is_proven_so(tmp_path: Path) -> None:
    """Exit 0, and how much was read."""
    done = command(pcap.write(tmp_path / "a.pcap", pcap.udp(CLEAN)), *KNOWN)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "2 messages to members, 1 message to callers: nothing of one in the other\n"


def test_a_leak_is_shown_where_it_is_and_no_number_is(tmp_path: Path) -> None:
    """Exit 1; leg, message, header, offset, what, how."""
    dirty = leg(("X-Anything", "MDkwOTc4OTg0Ng=="), member=CAROL)
    done = command(pcap.write(tmp_path / "a.pcap", pcap.udp([*CLEAN, dirty])), *KNOWN)
    assert (done.returncode, done.stderr) == (1, "")
    row = next(line for line in done.stdout.splitlines() if "x-anything" in line)
    offset = dirty.raw.index(b"MDkwOTc4")
    for word in ("leg-call-id-0", "INVITE sip:…910@", f" {offset} ", "number ending in 846", "base64-decoded"):
        assert word in row
    assert re.search(r"\d{7,}", done.stdout) is None
    assert done.stdout.splitlines()[-1] == "3 messages to members, 1 message to callers: 1 finding"


def test_json_says_the_same(tmp_path: Path) -> None:
    """For machines."""
    dirty = back("SIP/2.0 200 OK", ("X-Member", BOB))
    done = command(pcap.write(tmp_path / "a.pcap", pcap.udp([*CLEAN, dirty])), *KNOWN, "--json")
    said = json.loads(done.stdout)
    assert done.returncode == 1
    assert said["read"] == {"caller": 2, "member": 2}
    assert [(one["header"], one["what"]) for one in said["findings"]] == [("x-member", "number ending in 909")]


def test_a_leak_in_the_last_fragment_is_found(tmp_path: Path) -> None:
    """IP fragments are put together; one that has lost the others is no proof."""
    long = leg(*(("X-Fill", "y" * 200) for _ in range(10)), ("X-Anything", NUMBER))
    frames = pcap.fragments(long, 7)
    assert len(frames) > 2
    done = command(pcap.write(tmp_path / "a.pcap", [*pcap.udp(CLEAN), *frames]), *KNOWN)
    assert done.returncode == 1
    assert "x-anything" in done.stdout
    lost = command(pcap.write(tmp_path / "b.pcap", [*pcap.udp(CLEAN), *frames[:-1]]), *KNOWN)
    assert (lost.returncode, lost.stdout) == (2, "")
    assert "IP fragments have lost their others" in lost.stderr


def test_sip_over_tcp_is_read(tmp_path: Path) -> None:
    """Two messages in one stream, cut into segments anywhere."""
    clean, dirty = leg(("Supported", "timer"), member=CAROL), leg(("X-Anything", NUMBER))
    frames = [*pcap.udp(CLEAN), *pcap.tcp(clean, 1), *pcap.tcp(dirty, 1 + len(clean.raw), size=130)]
    done = command(pcap.write(tmp_path / "a.pcap", frames), *KNOWN)
    assert done.returncode == 1
    assert "4 messages to members" in done.stdout
    assert "x-anything" in done.stdout


def test_a_cut_capture_proves_nothing(tmp_path: Path) -> None:
    """The leak may be in what is not there."""
    done = command(pcap.write(tmp_path / "a.pcap", pcap.udp(CLEAN), cut=300), *KNOWN)
    assert (done.returncode, done.stdout) == (2, "")
    assert "were cut when they were captured" in done.stderr


def test_what_is_cut_of_other_traffic_does_not_matter(tmp_path: Path) -> None:
    """An edge has other neighbours."""
    other = pcap.fragments(Packet(1.0, ("198.51.100.9", 7000), ("198.51.100.8", 7000), b"y" * 2000), 9)[:1]
    done = command(pcap.write(tmp_path / "a.pcap", [*pcap.udp(CLEAN), *other]), *KNOWN)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"file": "none.pcap"}, "there is no file"),
        ({"content": b"this is no capture"}, "tshark cannot read"),
        ({"path": ""}, "tshark is not installed: apt-get install tshark"),
        ({"packets": [Packet(1.0, EDGE, GATEWAY, b"\r\n\r\n")]}, "there is no SIP in"),
        ({"options": (*WHO, "--member", BOB)}, "nothing is known of the caller: give --caller"),
        ({"options": (*WHO, "--caller", NUMBER)}, "nothing is known of the members: give --member"),
        ({"options": (*KNOWN, "--caller", "09x")}, "--caller: 3 characters that are not a telephone number"),
        ({"options": (*KNOWN, "--edge", "edge.example")}, "--edge: 'edge.example' does not appear to be"),
        ({"options": (*KNOWN, "--caller-name", "An")}, "--caller-name: a name of 2 letters stands in every message"),
        ({"packets": [SAID, back()]}, "the edge sent nothing to --gateway"),
        ({"packets": [SAID, leg()]}, "the edge sent nothing to --trunk"),
    ],
)
def test_what_cannot_be_audited_is_said_so(tmp_path: Path, changes: dict[str, object], words: str) -> None:
    """Exit 2, one line that tells what to do, nothing on stdout: never a false proof."""
    packets = changes.get("packets", CLEAN)
    assert isinstance(packets, list)
    file = pcap.write(tmp_path / "a.pcap", pcap.udp(packets))
    content = changes.get("content")
    if isinstance(content, bytes):
        file.write_bytes(content)
    options = changes.get("options", KNOWN)
    assert isinstance(options, tuple)
    path = changes.get("path")
    done = command(
        tmp_path / str(changes.get("file", "a.pcap")), *options, path=path if isinstance(path, str) else None
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert words in done.stderr
    assert NUMBER not in done.stderr


def test_the_readme_s_command_works_when_it_is_copied(tmp_path: Path) -> None:
    """On a capture in which the README's people call."""
    text = (ROOT / "README.md").read_text().replace("\\\n", " ")
    found = re.search(r"-m kemi\.audit capture\.pcapng (.*)", text)
    assert found is not None
    done = command(pcap.write(tmp_path / "a.pcap", pcap.udp(CLEAN)), *shlex.split(found[1]))
    assert (done.returncode, done.stderr) == (0, "")
