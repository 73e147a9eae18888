"""Capture files, read by tshark: it knows every link layer and tunnel there is, and puts IP fragments together.

SIP over UDP is whole then; SIP over TCP is put together by stream.py. What cannot be read is said, never passed over:
an audit of half a capture proves nothing.
"""

import subprocess
from collections import Counter
from collections.abc import Container, Iterator
from pathlib import Path
from typing import Final, NamedTuple

from kemi.audit.packet import Packet
from kemi.audit.stream import Segment, messages
from kemi.errors import EdgeError

# The innermost of each (-E occurrence=l): a tunnel's own addresses are nobody's.
_FIELDS: Final = (
    "frame.time_epoch", "ip.src", "ipv6.src", "ip.dst", "ipv6.dst", "udp.srcport", "udp.dstport", "udp.payload",
    "tcp.srcport", "tcp.dstport", "tcp.stream", "tcp.seq", "tcp.payload", "frame.len", "frame.cap_len",
    "ip.flags.mf", "ip.frag_offset", "ip.reassembled_in", "ipv6.fraghdr.ident", "ipv6.reassembled.in",
    "frame.protocols",
)  # fmt: skip
_FILTER: Final = "ip or ipv6"
_SIP_TLS: Final = "5061"


class CaptureUnreadable(EdgeError):
    """This file cannot be audited; the text says why."""


class Unreadable(NamedTuple):
    """A packet that could not be read: between whom, and why."""

    src: str
    dst: str
    why: str


class Capture(NamedTuple):
    """What a file holds, in order; and what of it could not be read."""

    packets: list[Packet]
    unreadable: list[Unreadable]

    def complaints(self, hosts: Container[str]) -> list[str]:
        """Say what could not be read between these hosts, in words; of other traffic it does not matter."""
        count = Counter(one.why for one in self.unreadable if one.src in hosts and one.dst in hosts)
        return [f"{number} {why}" for why, number in count.items()]


def read_packets(file: Path) -> list[Packet]:
    """Return the datagrams of a capture file, and the SIP messages of its TCP streams. Raises `CaptureUnreadable`."""
    return read_capture(file).packets


def read_capture(file: Path) -> Capture:
    """Read a capture file, pcap or pcapng. Raises `CaptureUnreadable`."""
    datagrams: list[Packet] = []
    segments: list[Segment] = []
    unreadable: list[Unreadable] = []
    for row in _rows(file):
        if ":icmp" in row["frame.protocols"]:  # an error carries the beginning of what it is about
            continue
        unreadable += [Unreadable(*_hosts(row), why) for why in _faults(row)]
        if row["udp.payload"]:
            datagrams.append(Packet(float(row["frame.time_epoch"]), *_ends(row, "udp"), _bytes(row["udp.payload"])))
        elif row["tcp.payload"]:
            segments.append(_segment(row))
    packets = sorted([*datagrams, *messages(segments)], key=lambda packet: packet.at)
    return Capture(packets, unreadable)


def _faults(row: dict[str, str]) -> Iterator[str]:
    if row["frame.len"] != row["frame.cap_len"]:
        yield "packets were cut when they were captured: capture them whole (-s 0)"
    if _is_lost_fragment(row):
        yield "IP fragments have lost their others"
    if row["tcp.payload"] and _SIP_TLS in {row["tcp.srcport"], row["tcp.dstport"]}:
        yield "packets are SIP over TLS, which cannot be read"


def _rows(file: Path) -> Iterator[dict[str, str]]:
    if not file.is_file():
        raise CaptureUnreadable(f"there is no file {file}")
    # Two passes: in the first, a fragment does not know yet whether its others will come.
    command = ["tshark", "-2", "-n", "-r", str(file), "-Y", _FILTER, "-T", "fields", "-E", "occurrence=l"]
    for field in _FIELDS:
        command += ["-e", field]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError as missing:
        raise CaptureUnreadable("tshark is not installed: apt-get install tshark") from missing
    if done.returncode:
        raise CaptureUnreadable(f"tshark cannot read {file}: {_reason(done.stderr)}")
    for line in done.stdout.splitlines():
        yield dict(zip(_FIELDS, line.split("\t"), strict=True))


def _reason(errors: str) -> str:
    lines = [line for line in errors.splitlines() if line and "super" not in line]  # it warns of running as root
    return lines[-1] if lines else "it does not say why"


def _is_lost_fragment(row: dict[str, str]) -> bool:
    is_fragment = row["ip.flags.mf"] in {"1", "True"} or row["ip.frag_offset"] not in {"", "0"}
    is_used = row["ip.reassembled_in"] or row["ipv6.reassembled.in"] or row["udp.srcport"] or row["tcp.srcport"]
    return bool((is_fragment or row["ipv6.fraghdr.ident"]) and not is_used)


def _segment(row: dict[str, str]) -> Segment:
    src, dst = _ends(row, "tcp")
    return Segment(
        float(row["frame.time_epoch"]), src, dst, int(row["tcp.stream"]), int(row["tcp.seq"]),
        _bytes(row["tcp.payload"]),
    )  # fmt: skip


def _ends(row: dict[str, str], transport: str) -> tuple[tuple[str, int], tuple[str, int]]:
    src, dst = _hosts(row)
    return (src, int(row[f"{transport}.srcport"])), (dst, int(row[f"{transport}.dstport"]))


def _hosts(row: dict[str, str]) -> tuple[str, str]:
    return row["ip.src"] or row["ipv6.src"], row["ip.dst"] or row["ipv6.dst"]


def _bytes(text: str) -> bytes:
    return bytes.fromhex(text.replace(":", ""))
