"""How long the edge keeps a message: read from a capture, where a call's messages are told by what passes of it."""

import re
import signal
import struct
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

from deploy.wait import until
from sipp_scenarios.bench import measure
from sipp_scenarios.bench.cast import Cast, calm
from sipp_scenarios.bench.load import Load
from sipp_scenarios.bench.program import Program
from sipp_scenarios.bench.section import Figure, Plot, Section, Series, Table
from tests.edge import CUSTOMER_HOST, GATEWAY_HOST
from tests.percentile import percentiles

SHARES: Final = (0.2, 0.5, 0.8)
_KINDS: Final = {
    "invite": "INVITE in → first INVITE out",
    "ringing": "INVITE in → 180 out",
    "answer": "200 in → 200 out",
}
_CALL_ID: Final = re.compile(rb"\r\n(?:Call-ID|i) *: *([^\r]+)", re.IGNORECASE)
_NUMBER: Final = re.compile(rb"\nb=AS:(\d+)")
_OF_AN_INVITE: Final = re.compile(rb"\r\nCSeq *: *\d+ +INVITE", re.IGNORECASE)
_SNAP: Final = 2000  # bytes of a packet
_LINK_BYTES: Final = {1: 14, 101: 0, 113: 16, 276: 20}  # Ethernet (the loopback too), raw IP, Linux' cooked ones


class Datagram(NamedTuple):
    """When, from which address to which, and what."""

    at: float  # seconds
    source: str
    target: str
    raw: bytes


def datagrams(file: Path) -> Iterator[Datagram]:
    """Read the UDP of a pcap file. Raises `ValueError` for what is none."""
    data = file.read_bytes()
    marks = {0xA1B2C3D4: 1e-6, 0xA1B23C4D: 1e-9}
    unit = marks.get(struct.unpack_from("<I", data)[0]) if len(data) >= 24 else None
    link = struct.unpack_from("<I", data, 20)[0] if unit else None
    if unit is None or link not in _LINK_BYTES:
        raise ValueError("not a capture that can be read")
    at = 24
    while at + 16 <= len(data):
        seconds, part, size, _ = struct.unpack_from("<IIII", data, at)
        packet = data[at + 16 + _LINK_BYTES[link] : at + 16 + size]
        at += 16 + size
        if len(packet) >= 28 and packet[0] >> 4 == 4 and packet[9] == 17:
            head = (packet[0] & 15) * 4
            source, target = (".".join(map(str, packet[place : place + 4])) for place in (12, 16))
            yield Datagram(seconds + part * unit, source, target, packet[head + 8 :])


def delays(packets: Iterator[Datagram]) -> dict[str, list[float]]:
    """Return the ms of each kind, one of each call that has it."""
    asked: dict[bytes, float] = {}  # by the caller's Call-ID, and by the number that passes to the legs
    legs: dict[bytes, bytes] = {}  # a leg's Call-ID -> the call's number
    names: dict[bytes, bytes] = {}  # the caller's Call-ID -> the call's number
    answered: dict[bytes, float] = {}
    found: dict[str, list[float]] = {kind: [] for kind in _KINDS}
    seen: set[tuple[str, bytes]] = set()

    def once(kind: str, call: bytes, since: float | None, now: float) -> None:
        if since is not None and (kind, call) not in seen:
            seen.add((kind, call))
            found[kind].append((now - since) * 1000)

    for one in packets:
        call_id = _CALL_ID.search(one.raw)
        if call_id is None or not _OF_AN_INVITE.search(one.raw):
            continue
        name = call_id[1]
        if one.raw.startswith(b"INVITE "):
            number = _NUMBER.search(one.raw)
            if number is None:
                continue
            if one.source == CUSTOMER_HOST:
                asked.setdefault(number[1], one.at)
                names[name] = number[1]
            elif one.target == GATEWAY_HOST:
                legs[name] = number[1]
                once("invite", number[1], asked.get(number[1]), one.at)
        elif one.target == CUSTOMER_HOST and name in names:
            if one.raw.startswith(b"SIP/2.0 180"):
                once("ringing", names[name], asked.get(names[name]), one.at)
            elif one.raw.startswith(b"SIP/2.0 200"):
                once("answer", names[name], answered.get(names[name]), one.at)
        elif one.source == GATEWAY_HOST and name in legs and one.raw.startswith(b"SIP/2.0 200"):
            answered.setdefault(legs[name], one.at)
    return found


def spread(samples: list[float]) -> dict[str, float]:
    """Return p50, p95 and p99. Raises `ValueError` where there are hardly any samples."""
    if len(samples) < 2:
        raise ValueError("no delays were seen in the capture")
    return dict(zip(("p50", "p95", "p99"), percentiles(samples, 50, 95, 99), strict=True))


def measured(cast: Cast, capacity: int, seconds: float, programs: list[Program]) -> Section:
    """Capture `seconds` of load at 20, 50 and 80 % of `capacity` calls a second."""
    found: dict[tuple[str, int], dict[str, dict[str, float]]] = {}
    for program in programs:
        for share in SHARES:
            rate = max(int(capacity * share), 1)
            cast.say(f"delay: {program.name}, {rate}/s")
            samples = _captured(program, Load(5, "answered", rate, int(rate * seconds)), cast.folder / "delay.pcap")
            found[program.name, rate] = {kind: spread(each) for kind, each in samples.items()}
            calm(program)
    return _section(found, capacity, seconds)


def _captured(program: Program, load: Load, file: Path) -> dict[str, list[float]]:
    ports = " or ".join(f"port {port}" for port in (program.address[1], *program.ports(load.members)))
    command = ["dumpcap", "-q", "-P", "-i", "lo", "-s", str(_SNAP), "-B", "64", "-f", f"udp and ({ports})"]
    dumpcap = subprocess.Popen([*command, "-w", str(file)], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    try:
        if not until(lambda: file.exists() and file.stat().st_size >= 24, 10.0):
            raise ValueError("dumpcap captures nothing; it needs root, or CAP_NET_RAW")
        measure.window(program, load)
    finally:
        dumpcap.send_signal(signal.SIGINT)
        dumpcap.communicate(timeout=30)
    try:
        return delays(datagrams(file))
    finally:
        file.unlink()


def _section(found: dict[tuple[str, int], dict[str, dict[str, float]]], capacity: int, seconds: float) -> Section:
    rows, values = list[list[str]](), dict[str, Figure]()
    for (name, rate), kinds in found.items():
        for kind, each in kinds.items():
            rows.append([name, str(rate), _KINDS[kind], *(f"{ms:.2f}" for ms in each.values())])
            share = round(100 * min(SHARES, key=lambda one: abs(one * capacity - rate)))
            values |= {f"{name}: {_KINDS[kind]}, {p}, {share} %": Figure(ms, "ms") for p, ms in each.items()}
    names = list(dict.fromkeys(name for name, _ in found))
    return Section(
        "delay",
        "How long a message stays",
        order=30,
        text=[
            f"From a capture on the loopback, {seconds:.0f} s at each rate: 20, 50 and 80 % of {capacity} calls/s, "
            "five members. A call's messages are told by the SDP bandwidth line that SIPp numbers them with: it passes."
        ],
        figures=values,
        tables=[Table("ms within the program", ["program", "calls/s", "what", "p50", "p95", "p99"], rows)],
        plots=[
            Plot(f"{words}, {name}", "lines", "calls/s", "ms",
                 [Series(p, [(rate, kinds[kind][p]) for (who, rate), kinds in found.items() if who == name])
                  for p in ("p50", "p95", "p99")], log=True)
            for name in names
            for kind, words in _KINDS.items()
        ],
    )  # fmt: skip
