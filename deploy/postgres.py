"""A private PostgreSQL cluster for whoever has no DATABASE_URL (kemi/decisions/0007).

It lives under `VAR_DIR/pg`, listens on one free loopback port, takes only the role `edge` with a password that lies
in `VAR_DIR/pgpass` (0600; the URL names the file, so no secret is ever printed), and is kept between runs.
"""

import os
import secrets
import shutil
import signal
import socket
import subprocess
from pathlib import Path
from typing import Final
from urllib.parse import quote

import psycopg2

from deploy.wait import until
from kemi.errors import EdgeError

_VERSIONS: Final = Path("/usr/lib/postgresql")  # Debian keeps the server's programs out of PATH
_OWNER: Final = "postgres"  # PostgreSQL refuses to run as root; Debian's package makes this user
_STOP_SECONDS: Final = 20.0


class PostgresError(EdgeError):
    """The private PostgreSQL cluster cannot be used."""


class Cluster:
    """The cluster under one VAR_DIR. `prepare()` once, then run `command()` until SIGINT."""

    def __init__(self, var_dir: Path) -> None:
        self._home = var_dir / "pg"
        self._data = self._home / "data"
        self._passfile = var_dir / "pgpass"
        self.port = 0

    @property
    def url(self) -> str:
        """The URL of the database; libpq reads the password from the file it names."""
        return f"postgresql://edge@127.0.0.1:{self.port}/edge?passfile={quote(str(self._passfile), safe='/')}"

    def prepare(self) -> None:
        """Make the cluster if it is not there, end a server left over from a killed run, choose a port."""
        self._home.mkdir(parents=True, exist_ok=True)
        self._home.chmod(0o700)
        if os.geteuid() == 0:
            shutil.chown(self._home, _OWNER, _OWNER)
        if not self._passfile.exists():
            # The password file is written last: without it, what lies there was never finished.
            shutil.rmtree(self._data, ignore_errors=True)
            self._create()
        self._end_leftover()
        self.port = _usable_port(self._port_file())
        self._write_passfile(self._password())
        self._port_file().write_text(f"{self.port}\n")

    def command(self) -> list[str]:
        """Return the command that runs the server in the foreground; it ends with its parent."""
        settings = {
            "listen_addresses": "127.0.0.1",
            "port": str(self.port),
            "unix_socket_directories": "",
            "max_connections": "50",
            "password_encryption": "scram-sha-256",
            # A failing statement, its rows and values hold telephone numbers; whoever made it is told of the error.
            "log_min_messages": "log",
            "log_min_error_statement": "panic",
            "log_error_verbosity": "terse",
        }
        options = [item for name, value in settings.items() for item in ("-c", f"{name}={value}")]
        return [*_as_owner(self._home), str(_program("postgres")), "-D", str(self._data), *options]

    def _create(self) -> None:
        initdb = [str(_program("initdb")), "-D", str(self._data), "-U", "postgres", "-E", "UTF8", "--locale=C.UTF-8"]
        _run([*_as_owner(self._home), *initdb, "--auth=reject"])
        password = secrets.token_hex(32)
        # Single-user mode needs no login, so the superuser never gets one.
        single = [str(_program("postgres")), "--single", "-D", str(self._data), "postgres"]
        role = f"CREATE ROLE edge LOGIN CREATEDB PASSWORD '{password}'\nCREATE DATABASE edge OWNER edge\n"
        _run([*_as_owner(self._home), *single], role)
        hba = self._data / "pg_hba.conf"
        hba.write_text("# Nobody else, and no way in for the superuser.\nhost all edge 127.0.0.1/32 scram-sha-256\n")
        self._write_passfile(password)

    def _password(self) -> str:
        return self._passfile.read_text().strip().rpartition(":")[2]

    def _write_passfile(self, password: str) -> None:
        new = self._passfile.with_suffix(".new")
        new.unlink(missing_ok=True)
        with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(f"127.0.0.1:{self.port or '*'}:*:edge:{password}\n")
        new.rename(self._passfile)

    def _port_file(self) -> Path:
        return self._home / "port"

    def _end_leftover(self) -> None:
        """End the server of a supervisor that was killed; it is on its way out by itself, or hangs."""
        pid_file = self._data / "postmaster.pid"
        if not pid_file.exists():
            return
        pid = int(pid_file.read_text().split("\n", 1)[0])
        if not _is_server_of(pid, self._data):
            return
        os.kill(pid, signal.SIGINT)
        if not until(lambda: not _is_server_of(pid, self._data), _STOP_SECONDS):
            raise PostgresError(f"process {pid} still serves {self._data} and does not end")


def takes_logins(url: str) -> bool:
    """Tell whether the server at `url` lets one in now."""
    try:
        psycopg2.connect(url, connect_timeout=2).close()
    except psycopg2.OperationalError:
        return False
    return True


def _as_owner(home: Path) -> list[str]:
    """Return the prefix that runs PostgreSQL as an ordinary user, told to stop when its parent dies."""
    prefix = ["setpriv", "--pdeathsig", "INT"]
    if os.geteuid() == 0:
        prefix += ["--reuid", _OWNER, "--regid", _OWNER, "--clear-groups"]
        if not _owner_may_enter(home):
            # A clone under /root (0700) is closed to the owner: one capability lets him through its folders.
            name = _search_capability()
            prefix += ["--inh-caps", f"-all,+{name}", "--ambient-caps", f"+{name}"]
    return [*prefix, "--"]


def _owner_may_enter(home: Path) -> bool:
    test = ["setpriv", "--reuid", _OWNER, "--regid", _OWNER, "--clear-groups", "--", "test", "-w", str(home)]
    return subprocess.run(test, check=False).returncode == 0


def _search_capability() -> str:
    """Return the weakest capability at hand that opens closed folders; containers often lack the first."""
    status = Path("/proc/self/status").read_text()
    held = int(status.partition("CapEff:")[2].split()[0], 16)
    for bit, name in ((2, "dac_read_search"), (1, "dac_override")):  # capability.h
        if held >> bit & 1:
            return name
    raise PostgresError("root lacks CAP_DAC_READ_SEARCH here: set VAR_DIR to a directory that others may enter")


def _program(name: str) -> Path:
    found = sorted(_VERSIONS.glob(f"*/bin/{name}"), key=lambda path: int(path.parts[-3]))
    if not found:
        raise PostgresError(f"{name} is not installed: apt-get install postgresql-15, or set DATABASE_URL")
    return found[-1]


def _run(command: list[str], stdin: str = "") -> None:
    done = subprocess.run(command, input=stdin, capture_output=True, text=True, check=False, env=_plain_environment())
    # Single-user mode goes on after an error and still leaves with 0.
    if done.returncode or "ERROR:" in done.stderr or "FATAL:" in done.stderr:
        raise PostgresError(f"{Path(command[0]).name} failed: {done.stderr.strip()[-500:]}")


def _plain_environment() -> dict[str, str]:
    """Return an environment in which no PG… variable of the user's points the server elsewhere."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    return {**kept, "LC_ALL": "C.UTF-8"}


def _is_server_of(pid: int, data: Path) -> bool:
    try:
        return Path(f"/proc/{pid}/cwd").resolve() == data.resolve()
    except OSError:
        return False


def _usable_port(remembered: Path) -> int:
    """Return the port of the last run if it is free, so that a noted URL stays right; else a free one."""
    wanted = int(remembered.read_text()) if remembered.exists() else 0
    for port in (wanted, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise PostgresError("no loopback port is free")
