"""`python -m sms.receipts.server`: take receipts by HTTP (waitress), until SIGTERM or SIGINT.

TLS is the business of the proxy before it: RECEIPTS_URL is what providers call, RECEIPTS_LISTEN where this listens.
"""

import ipaddress
import logging
import os
import signal
from collections.abc import Mapping
from typing import Final, NoReturn
from urllib.parse import urlsplit

import waitress

from sms.receipts.connections import Connections
from sms.receipts.endpoint import MOST_BODY, Options, application

_THREADS: Final = 8  # requests at once; each has a connection to PostgreSQL
_SILENT_SECONDS: Final = 20  # a connection on which nothing comes is closed


def read(env: Mapping[str, str]) -> Options:
    """Read the options from `env`. Raises `ValueError`, naming every bad one."""
    listen, url, proxy = (env.get(f"RECEIPTS_{name}", "") for name in ("LISTEN", "URL", "PROXY"))
    wrong = []
    host, _, port = listen.rpartition(":")
    if not _is_ip(host.strip("[]")) or not port.isdecimal():
        wrong.append("RECEIPTS_LISTEN must be <IP address>:<port>")
    if urlsplit(url).scheme not in {"http", "https"} or not urlsplit(url).netloc:
        wrong.append("RECEIPTS_URL must be the https:// address that providers reach it by")
    if proxy and not _is_ip(proxy):
        wrong.append("RECEIPTS_PROXY must be an IP address")
    try:
        per_second = float(env.get("RECEIPTS_PER_SECOND") or Options._field_defaults["per_second"])
    except ValueError:
        per_second = 0
    if not 0 < per_second < 1e6:
        wrong.append("RECEIPTS_PER_SECOND must be a number above 0")
    if wrong:
        raise ValueError("; ".join(wrong))
    return Options(listen, url, proxy or None, per_second)


def _is_ip(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def hush() -> None:
    """Keep waitress's lines about a request out of the log: they show its path, and that the provider's token."""
    logging.getLogger("waitress").setLevel(logging.CRITICAL)
    logging.getLogger("waitress.queue").setLevel(logging.WARNING)  # how many wait


def main() -> None:
    """Serve until told to end; what is being answered may end first."""
    logging.basicConfig(level=os.environ.get("LOG_LEVEL", "info").upper(), format="%(name)s: %(message)s")
    hush()
    try:
        options = read(os.environ)
    except ValueError as wrong:
        raise SystemExit(f"receipts: {wrong}") from wrong
    if not os.environ.get("DATABASE_URL"):
        raise SystemExit("receipts: DATABASE_URL is not set")
    proxied = {"trusted_proxy": options.proxy, "trusted_proxy_count": 1, "trusted_proxy_headers": {"x-forwarded-for"}}
    server = waitress.create_server(
        application(options, Connections(os.environ["DATABASE_URL"]), os.environ),
        listen=options.listen,
        threads=_THREADS,
        ident=None,
        max_request_body_size=MOST_BODY,
        max_request_header_size=16 * 1024,
        channel_timeout=_SILENT_SECONDS,
        cleanup_interval=5,
        connection_limit=200,
        clear_untrusted_proxy_headers=True,
        **(proxied if options.proxy else {}),
    )

    def end(_signal: int, _frame: object) -> NoReturn:
        raise SystemExit(0)

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, end)
    logging.getLogger("receipts").info("receipts ready listen=%s", options.listen)
    server.run()


if __name__ == "__main__":
    main()
