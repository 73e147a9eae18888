"""`python -m tests.bench_sms.provider LATENCY FILE`: an SMS provider that answers after LATENCY seconds.

A process of its own, so that it takes no CPU from what is measured inside one. It prints its port, and writes a line to
FILE for each request: when it had arrived (s since the epoch), the notification's id, the caller's number in the text.
"""

import asyncio
import json
import re
import sys
import time
from pathlib import Path
from typing import Final

_LENGTH: Final = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)
_CALLER: Final = re.compile(r"tu so (\d+)")


class Provider(asyncio.Protocol):
    """One connection, kept open."""

    def __init__(self, latency: float, file: Path) -> None:
        self._latency = latency
        self._file = file.open("a", buffering=1, encoding="utf-8")
        self._data = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 asyncio calls it so
        self._file.close()

    def data_received(self, data: bytes) -> None:
        """Take every whole request."""
        at = time.time()
        self._data += data
        while b"\r\n\r\n" in self._data:
            head, _, rest = self._data.partition(b"\r\n\r\n")
            found = _LENGTH.search(head)
            length = int(found[1]) if found else 0
            if len(rest) < length:
                return
            self._take(at, rest[:length])
            self._data = rest[length:]

    def _take(self, at: float, body: bytes) -> None:
        post = json.loads(body)
        caller = _CALLER.search(post["text"])
        self._file.write(f"{at:.6f} {post['id']} {caller[1] if caller else '-'}\n")
        asyncio.get_running_loop().call_later(self._latency, self._answer, str(post["id"]))

    def _answer(self, name: str) -> None:
        body = json.dumps({"id": f"sink-{name}"}).encode()
        if not self._transport.is_closing():
            self._transport.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))


async def serve(latency: float, file: Path) -> None:
    """Serve until the process is ended."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Provider(latency, file), "127.0.0.1", 0, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(float(sys.argv[1]), Path(sys.argv[2])))
