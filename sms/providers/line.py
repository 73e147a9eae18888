"""The way to a provider: connections that stay open, a pool of its own for each thread and host.

By urllib3 itself: what `requests` adds to it took twice its time (kemi/decisions/0035). What `requests` decides by the
environment is asked of it, once for each host: proxies (http_proxy …) and certificates (REQUESTS_CA_BUNDLE …).
Its netrc, cookies and redirects are not wanted: they would put something into a request that is not in the row.
"""

import os
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from requests.utils import DEFAULT_CA_BUNDLE_PATH, get_auth_from_url, get_environ_proxies, select_proxy
from urllib3 import BaseHTTPResponse, PoolManager, ProxyManager, Timeout
from urllib3.exceptions import ProtocolError
from urllib3.util import make_headers

_OURS: Final = {"User-Agent": "external-groups", "Accept": "*/*"}
_local = threading.local()


class CannotBeAskedError(Exception):
    """The URL or a header cannot be used: nothing was sent."""


def ask(method: str, url: str, headers: Mapping[str, str], body: bytes | None, seconds: float) -> BaseHTTPResponse:
    """Send a request and return what comes back, its body not yet read; `seconds` for the connection and for an answer.

    Raises urllib3's `HTTPError`, `ConnectionError` where the line was cut, and `CannotBeAskedError`.
    """
    # As UTF-8: http.client's Latin-1 has no ế.
    given: Any = {**_OURS, **{name: value.strip().encode() for name, value in headers.items()}}
    waits = Timeout(connect=seconds, read=seconds)
    try:
        return _pool(url).urlopen(
            method, url, body=body, headers=given, timeout=waits, retries=False, redirect=False, preload_content=False
        )
    except ValueError as error:  # also urllib3's LocationValueError
        raise CannotBeAskedError from error
    except ProtocolError as error:
        raise ConnectionError(*error.args) from error


def _pool(url: str) -> PoolManager:
    if not hasattr(_local, "pools"):
        _local.pools = {}
    pools: dict[tuple[str, str], PoolManager] = _local.pools
    host = urlsplit(url)[:2]
    if host not in pools:
        pools[host] = _made(url)
    return pools[host]


def _made(url: str) -> PoolManager:
    bundle = os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("CURL_CA_BUNDLE") or DEFAULT_CA_BUNDLE_PATH
    trusted: Any = {"cert_reqs": "CERT_REQUIRED", "ca_cert_dir" if Path(bundle).is_dir() else "ca_certs": bundle}
    proxy = select_proxy(url, get_environ_proxies(url))
    if not proxy:
        return PoolManager(**trusted)
    way = proxy if "://" in proxy else f"http://{proxy}"
    user, password = get_auth_from_url(way)
    return ProxyManager(
        way, proxy_headers=make_headers(proxy_basic_auth=f"{user}:{password}") if user else {}, **trusted
    )
