"""`python -m tests.voice.rtpproxy`: RTPProxy as its authors' module `rtp.io` runs it, in a process of its own.

Commands of its protocol, a line each, come on stdin; answers go to stdout, its log to stderr.
"""

import importlib
import sys


def main() -> None:
    """Serve until stdin ends."""
    proxy = importlib.import_module("rtp.io").rtpproxy()
    with proxy.rtpp_sock as sock:
        for line in sys.stdin.buffer:
            sock.sendall(line)
            answer = b""
            while not answer.endswith(b"\n"):
                answer += sock.recv(4096)
            sys.stdout.buffer.write(answer)
            sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
