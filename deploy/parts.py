"""The processes of the stack: how each is started, when it is ready, how it is told to end."""

import json
import secrets
import socket
import sys
import sysconfig
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from signal import SIGINT, SIGTERM, Signals
from typing import Final

from deploy import discreet
from deploy.hosts import takes_connections
from deploy.postgres import Cluster, takes_logins
from deploy.settings import ROOT, Settings

# kamailio -m: address space, taken as it is used. Transactions live here for wt_timer: a five-way call is 59 KB for
# 33 s. With 1024 a load of 450 calls/s filled it in a minute (kemi/decisions/0041).
SHARED_MB: Final = 2048
# kamailio's memory managers. Shared: the one whose work does not grow with what lies there (kemi/decisions/0048);
# private: the cheapest.
MEMORY: Final = ("-x", "tlsf", "-X", "fm")
_PRIVATE_MB: Final = 16  # kamailio -M: per process
_SILENT_SECONDS: Final = 300  # rtpengine: a session in which nobody sends anything, who has not said so, is over
_UNANSWERED_SECONDS: Final = 3600  # rtpengine: beyond the longest ringing
# rtpengine: calls go on without Redis. One that is silent costs a question a tenth of a second (two for the first), and
# after four nobody asks it for 10 s: less than RTPENGINE_WAIT_MS, so that no worker takes rtpengine for dead.
_REDIS: Final = (
    "--no-redis-required", "--redis-cmd-timeout=100", "--redis-connect-timeout=100",
    "--redis-allowed-errors=3", "--redis-disable-time=10",
)  # fmt: skip


@dataclass(frozen=True)
class Part:
    """One process. `once`: it does its work and leaves with 0; any other leaving is a death.

    `sieve`: the command of a process that its output goes through on its way into the log. `fds`: open files that it
    inherits.
    """

    name: str
    command: Sequence[str]
    env: Mapping[str, str] = field(default_factory=dict)
    ready: Callable[[], bool] = lambda: True
    stop_signal: Signals = SIGTERM
    stop_seconds: float = 10.0
    once: bool = False
    sieve: Sequence[str] = ()
    fds: Sequence[int] = ()


def postgres(cluster: Cluster) -> Part:
    """Return the private database server. SIGINT: end now, do not wait for clients."""
    return Part("postgres", cluster.command(), {}, lambda: takes_logins(cluster.url), SIGINT, 20.0)


def open_door(settings: Settings) -> socket.socket:
    """Return the socket that Kamailio takes kemi.watch's BYEs from; whoever keeps it open keeps everybody else out."""
    is_v6 = ":" in settings.sip_address[0]
    door = socket.socket(socket.AF_INET6 if is_v6 else socket.AF_INET, socket.SOCK_DGRAM)
    door.bind(("::1" if is_v6 else "127.0.0.1", 0))
    return door


def rtpengine(settings: Settings, control: tuple[str, int]) -> Part:
    """Return an rtpengine of our own, in userspace, that is told what to do at `control`; it never leaves this machine.

    Its timeouts are the net under sessions whose end nobody told it: an edge that was killed, a BYE that was lost.
    """
    longest = settings.max_call_seconds
    command = ["rtpengine", "--config-file=none", "--foreground", "--log-stderr", "--log-level=5", "--table=-1"]
    command += [f"--listen-ng={control[0]}:{control[1]}", "--delete-delay=0", f"--timeout={_SILENT_SECONDS}"]
    command += [f"--silent-timeout={longest}", f"--final-timeout={longest}", f"--offer-timeout={_UNANSWERED_SECONDS}"]
    first, last = settings.rtp_ports.split("-")
    command += [f"--port-min={first}", f"--port-max={last}"]
    recordings = settings.var_dir / "recordings" / "raw"
    command += [f"--recording-dir={recordings}", "--recording-method=pcap", "--recording-format=eth"]
    command += [f"--interface={word}" for word in (settings.rtp_address or settings.sip_address[0]).split()]
    password, _, where = settings.rtpengine_redis.rpartition("@")
    if where:
        command += [f"--redis={where}", *_REDIS, f"--redis-expires={longest + _UNANSWERED_SECONDS}"]
    env = {"RTPENGINE_REDIS_AUTH_PW": password} if password else {}  # not for everybody to see in the process list
    sieve = [*_module("deploy.discreet"), discreet.RTPENGINE]
    return Part("rtpengine", command, env, lambda: pongs(control), sieve=sieve)


def pongs(control: tuple[str, int]) -> bool:
    """Say whether an rtpengine answers there."""
    with socket.socket(socket.AF_INET6 if ":" in control[0] else socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.settimeout(0.5)
        try:
            sock.connect(control)
            sock.send(b"ready d7:command4:pinge")
            return sock.recv(4096).startswith(b"ready ")
        except OSError:
            return False


def workers(
    settings: Settings, database_url: str, edge_key: str, door: socket.socket, rtpengines: str = ""
) -> list[Part]:
    """Return the other parts in the order they start; they stop in reverse. `door`: what `open_door` gave.

    `rtpengines`: where they are, as RTPENGINE has it.
    """
    database = {"DATABASE_URL": database_url}
    table_ready = settings.var_dir / "run" / "table.ready"
    return [
        Part("migrate", _module("sql.migrate"), database, once=True),
        Part("table", _module("kemi.table.sync"), database, table_ready.exists),
        Part("ledger", _module("kemi.ledger.writer"), database),
        Part("sender", _module("sms.sender"), database),
        *_receipts(settings, database),
        Part("recorder", _module("kemi.recording.keeper"), database, stop_seconds=30.0),
        _watch(edge_key, door, rtpengines),
        _kamailio(settings, edge_key, door, rtpengines),
    ]


def _receipts(settings: Settings, database: Mapping[str, str]) -> list[Part]:
    """Return the receipts endpoint where it is wanted: a port that nobody asked for is not opened."""
    listen = settings.receipts_listen
    if listen is None:
        return []
    return [Part("receipts", _module("sms.receipts.server"), database, lambda: takes_connections(listen))]


def _watch(edge_key: str, door: socket.socket, rtpengines: str) -> Part:
    fd = door.fileno()
    env = {"EDGE_KEY": edge_key, "WATCH_FD": str(fd), "RTPENGINE": rtpengines}
    return Part("watch", _module("kemi.watch.keeper"), env, fds=(fd,))


def _kamailio(settings: Settings, edge_key: str, door: socket.socket, rtpengines: str) -> Part:
    # It and the watch get the key and no database; the others get the database and no key.
    run, mark = settings.var_dir / "run", secrets.token_hex(8)
    env = {
        "EDGE_KEY": edge_key,
        "RTPENGINE": rtpengines,
        "LOG_MARK": mark,
        "ENTRY_FILE": str(ROOT / "kemi" / "entry" / "edge.py"),
        "EDGE_SITE": sysconfig.get_path("purelib"),
        "RPC_SOCKET": str(run / "kamailio.rpc"),
        "WATCH_ADDRESS": json.dumps(door.getsockname()[:2]),
    }
    command = ["kamailio", "-f", str(ROOT / "kamailio.cfg"), "-DD", "-E", *MEMORY]
    if settings.sip_tcp == "yes":
        command += ["-A", "WITH_TCP"]
        env["TCP_LISTEN"] = settings.sip_listen.replace("udp:", "tcp:", 1)
    command += ["-m", str(SHARED_MB), "-M", str(_PRIVATE_MB), "-Y", str(run), "-P", str(run / "kamailio.pid")]
    sieve = [*_module("deploy.discreet"), mark]
    return Part("kamailio", command, env, lambda: answers_options(settings.sip_address), sieve=sieve)


def _module(name: str) -> list[str]:
    return [sys.executable, "-m", name]


def answers_options(address: tuple[str, int], seconds: float = 0.5) -> bool:
    """Say whether the SIP address answers an OPTIONS with 200 (RFC 3261 §11)."""
    host = f"[{address[0]}]" if ":" in address[0] else address[0]
    with socket.socket(socket.AF_INET6 if ":" in address[0] else socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.settimeout(seconds)
        try:
            sock.connect(address)
            me = sock.getsockname()
            via = f"[{me[0]}]:{me[1]}" if ":" in me[0] else f"{me[0]}:{me[1]}"
            sock.send(_OPTIONS.format(host=host, port=address[1], via=via, key=me[1]).encode())
            return sock.recv(4096).startswith(b"SIP/2.0 200 ")
        except OSError:
            return False


_OPTIONS: Final = "\r\n".join(
    (
        "OPTIONS sip:{host}:{port} SIP/2.0",
        "Via: SIP/2.0/UDP {via};rport;branch=z9hG4bK-ready-{key}",
        "Max-Forwards: 1",
        "From: <sip:ready@{via}>;tag={key}",
        "To: <sip:{host}:{port}>",
        "Call-ID: ready-{key}",
        "CSeq: 1 OPTIONS",
        "Content-Length: 0",
        "",
        "",
    )
)


def log_of(settings: Settings, name: str) -> Path:
    """Return where a part's standard output and error go."""
    return settings.var_dir / "log" / f"{name}.log"
