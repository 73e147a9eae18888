"""`python -m tests.voice.traffic <JSON>`: the voice of many calls, sent or received; what it saw as JSON.

A packet is that of G.711: 20 ms, 172 bytes; its first eight of voice are the time at which it was sent. Sender and
receiver are processes of their own, so that neither waits for the other, and share the side's socket.
"""

import json
import signal
import socket
import struct
import sys
import time
from typing import Any, Final

FRAME_SECONDS: Final = 0.02
SLICES: Final = 10  # of a frame's time: telephones do not all speak at the same moment
_BUFFER: Final = 32 << 20  # bytes; what the receiver is too slow for must not look like loss
_FORCED: Final = 33  # SO_RCVBUFFORCE: as root beyond net.core.rmem_max
_PAYLOAD: Final = bytes(range(152))


def sends(fd: int, targets: list[tuple[str, int]], seconds: float) -> dict[str, Any]:
    """Send one packet every 20 ms to each target, from one socket; how many, and how late the latest was."""
    with socket.socket(fileno=fd) as sock:
        share = -(-len(targets) // SLICES)
        slices = [targets[at : at + share] for at in range(0, len(targets), share)]
        pack, send, now = struct.Struct("!BBHIIQ").pack, sock.sendto, time.monotonic_ns
        begin, sent, late, number = time.monotonic(), 0, 0.0, 0
        while number * FRAME_SECONDS < seconds:
            for index, part in enumerate(slices):
                due = begin + (number + index / SLICES) * FRAME_SECONDS
                pause = due - time.monotonic()
                if pause > 0:
                    time.sleep(pause)  # the telephones' clock
                late = max(late, -pause)
                for ssrc, target in enumerate(part):
                    send(pack(0x80, 8, number & 0xFFFF, number * 160, index << 16 | ssrc, now()) + _PAYLOAD, target)
                sent += len(part)
            number += 1
        return {"sent": sent, "late_ms": late * 1000}


def receives(fd: int) -> dict[str, Any]:
    """Take what comes until SIGTERM and a second without anything; how many, and the delays, µs."""
    ended: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, _: ended.append(number))
    with socket.socket(fileno=fd) as sock:
        sock.setsockopt(socket.SOL_SOCKET, _FORCED, _BUFFER)
        sock.settimeout(1.0)
        sys.stderr.write("ready\n")
        sys.stderr.flush()
        delays: list[int] = []
        stamp, now = struct.Struct("!Q").unpack_from, time.monotonic_ns
        while True:
            try:
                packet = sock.recv(2048)
            except TimeoutError:
                if ended:
                    break
                continue
            delays.append(now() - stamp(packet, 12)[0])
    delays.sort()
    at = [delays[int(share * (len(delays) - 1))] / 1000 if delays else 0.0 for share in (0.5, 0.99)]
    return {"received": len(delays), "p50_us": at[0], "p99_us": at[1]}


if __name__ == "__main__":
    said = json.loads(sys.argv[1])
    if "targets" in said:
        print(json.dumps(sends(said["fd"], [tuple(one) for one in said["targets"]], said["seconds"])))
    else:
        print(json.dumps(receives(said["fd"])))
