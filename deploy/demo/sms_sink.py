"""An SMS provider for demos and tests: a real HTTP server on loopback that remembers what it was asked to send.

    with SmsSink() as sink:                     python -m deploy.demo.sms_sink --port 8080 --log sms.jsonl
        sink.url                                POSTs of JSON {"to", "text", "sender", "id"} to any path
        sink.refuses(503, times=2)
        sink.messages()

A message counts as received when its whole body was read and it was not refused: also when the reply is then lost.
"""

import argparse
import json
import threading
from collections import deque
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any, Self

Post = dict[str, Any]
_Behaviour = Callable[["_Handler", Post], None]


class SmsSink:
    """The provider. Its behaviour may be changed for the next posts; then it accepts again."""

    def __init__(self, port: int = 0, *, host: str = "127.0.0.1", log: Path | None = None) -> None:
        """Listen on `host`:`port` (0: a free one) at once; serve from `__enter__` on. Raises `OSError`."""
        self._lock = threading.Lock()
        self._messages: list[Post] = []
        self._posts: list[Post] = []
        self._next: deque[_Behaviour] = deque()
        self._released = threading.Event()
        self._log = log
        self._server = _Server((host, port), _Handler)
        self._server.sink = self
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), name="sms-sink", daemon=True)

    @property
    def url(self) -> str:
        """Where to post."""
        host, port = self._server.server_address[:2]
        return f"http://{host!s}:{port}/send"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._released.set()
        self._server.shutdown()
        self._server.server_close()

    def messages(self) -> list[Post]:
        """Return what was taken for sending, oldest first."""
        with self._lock:
            return list(self._messages)

    def posts(self) -> list[Post]:
        """Return everything that was asked, refused or not, oldest first."""
        with self._lock:
            return list(self._posts)

    def refuses(self, status: int, times: int = 1, body: str = "no", headers: dict[str, str] | None = None) -> None:
        """Answer the next `times` posts with `status`; nothing is taken."""
        self._plan(times, lambda handler, _: handler.answer(status, body, headers))

    def resets(self, times: int = 1, *, after_taking: bool = False) -> None:
        """Cut the connection of the next `times` posts instead of answering, before or after the message is taken."""

        def reset(handler: "_Handler", post: Post) -> None:
            if after_taking:
                self._take(post)
            handler.close_connection = True  # closed without a byte

        self._plan(times, reset)

    def hangs(self, times: int = 1, *, after_taking: bool = False) -> None:
        """Let the next `times` posts wait for an answer until the sink ends."""

        def hang(handler: "_Handler", post: Post) -> None:
            if after_taking:
                self._take(post)
            self._released.wait()
            handler.close_connection = True

        self._plan(times, hang)

    def delays(self) -> threading.Event:
        """Let the next post wait until the returned event is set; then it is taken and answered."""
        release = threading.Event()

        def wait(handler: "_Handler", post: Post) -> None:
            release.wait()
            handler.answer(200, json.dumps({"id": f"sink-{self._take(post)}"}))

        self._plan(1, wait)
        return release

    def answers(self, body: str, times: int = 1) -> None:
        """Answer the next `times` posts with 200 and `body`; the messages are taken."""

        def answer(handler: "_Handler", post: Post) -> None:
            self._take(post)
            handler.answer(200, body)

        self._plan(times, answer)

    def serve_post(self, handler: "_Handler", post: Post) -> None:
        """Do with `post` what comes next."""
        with self._lock:
            self._posts.append(post)
            behaviour = self._next.popleft() if self._next else None
        if behaviour is not None:
            behaviour(handler, post)
            return
        number = self._take(post)
        handler.answer(200, json.dumps({"id": f"sink-{number}"}))

    def _plan(self, times: int, behaviour: _Behaviour) -> None:
        with self._lock:
            self._next.extend([behaviour] * times)

    def _take(self, post: Post) -> int:
        with self._lock:
            self._messages.append(post)
            if self._log is not None:
                with self._log.open("a", encoding="utf-8") as log:
                    log.write(json.dumps(post, ensure_ascii=False) + "\n")
            return len(self._messages)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 1024  # 5 is the default: senders with many threads would be cut off before they are heard
    block_on_close = False  # a hanging post must not keep the sink from ending
    sink: SmsSink

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: a sender that was killed in the middle is what the tests are about."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def do_POST(self) -> None:
        """Read the message and hand it to the sink."""
        raw = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        try:
            post = json.loads(raw)
        except ValueError:
            self.answer(400, "not JSON")
            return
        self.server.sink.serve_post(self, post)

    def answer(self, status: int, body: str, headers: dict[str, str] | None = None) -> None:
        """Answer the post."""
        data = body.encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


def main() -> None:
    """Serve until interrupted, and print what is taken."""
    parser = argparse.ArgumentParser(description="An SMS provider on loopback that remembers.")
    parser.add_argument("--port", type=int, default=0, help="TCP port; 0: a free one")
    parser.add_argument("--log", type=Path, help="append each message as a line of JSON")
    options = parser.parse_args()
    with SmsSink(options.port, log=options.log) as sink:
        print(f"sms sink: {sink.url}", flush=True)
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            return


if __name__ == "__main__":
    main()
