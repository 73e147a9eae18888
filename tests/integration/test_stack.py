"""The supervised stack: what runs, what comes back, what is said when something does not, and that nothing stays."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg2
import pytest

from deploy import ports
from deploy.parts import answers_options
from deploy.settings import ROOT, FixedSettings
from deploy.stack import Stack, StackError, running
from deploy.wait import until

DATABASE_ONLY = ("table", "ledger", "sender", "watch", "kamailio")


def settings_in(var_dir: Path, database_url: str | None = None) -> FixedSettings:
    """Settings for a stack of its own."""
    host, port = ports.free_udp("127.0.0.1")
    receipts = f"{host}:{ports.free_tcp(host)}"
    return FixedSettings(
        var_dir=var_dir, sip_listen=f"udp:{host}:{port}", node_name="stack", database_url=database_url,
        receipts_listen=receipts, receipts_url=f"http://{receipts}", rtpengine="none",
    )  # fmt: skip


def processes_of(var_dir: Path) -> set[int]:
    """The ids of the processes that were started with this VAR_DIR, wherever they stand in the tree."""
    found = set()
    for process in Path("/proc").glob("[0-9]*"):
        try:
            words = (process / "cmdline").read_bytes() + (process / "environ").read_bytes()
        except OSError:
            continue
        if str(var_dir).encode() in words:
            found.add(int(process.name))
    return found - {os.getpid()}


def environment_of(stack: Stack, name: str) -> dict[str, str]:
    """The environment of a part, as the kernel has it."""
    words = Path(f"/proc/{stack.pid(name)}/environ").read_bytes().decode().split("\0")
    return dict(word.split("=", 1) for word in words if word)


@pytest.fixture(scope="module")
def told() -> list[str]:
    """What the stack said."""
    return []


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory, told: list[str]) -> Iterator[Stack]:
    """A stack of this module's own: its parts die in here."""
    with Stack(settings_in(tmp_path_factory.mktemp("stack")), say=told.append) as stack:
        yield stack


def test_a_ready_stack_answers_options_and_has_its_tables(stack: Stack) -> None:
    """After the block is entered nothing more has to be waited for."""
    assert answers_options(stack.settings.sip_address)
    with psycopg2.connect(stack.database_url) as conn, conn.cursor() as cur:
        cur.execute("select count(*) from hotline")
        assert cur.fetchone() == (0,)
    conn.close()


@pytest.mark.parametrize("name", ["table", "ledger", "sender", "receipts", "watch", "postgres"])
def test_a_part_that_dies_is_started_again(stack: Stack, told: list[str], name: str) -> None:
    """And it is said which one, and how it ended."""
    before = stack.pid(name)
    assert before is not None
    os.kill(before, signal.SIGKILL)
    assert until(lambda: stack.pid(name) not in {None, before}, 10.0)
    stack.wait_ready()
    assert any(line.startswith(f"{name} ended (SIGKILL)") for line in told)


def test_kamailio_comes_back_when_one_of_its_workers_is_killed(stack: Stack) -> None:
    """Kamailio ends as a whole then; the supervisor starts it again, and no orphan keeps its port."""
    before = stack.pid("kamailio")
    assert before is not None
    children = Path(f"/proc/{before}/task/{before}/children").read_text().split()
    os.kill(int(children[0]), signal.SIGKILL)
    assert until(lambda: stack.pid("kamailio") not in {None, before}, 20.0)
    stack.wait_ready("kamailio")
    assert not [child for child in children if Path(f"/proc/{child}").exists()]


def test_a_killed_kamailio_stays_down_with_all_its_processes_until_it_is_restarted(stack: Stack) -> None:
    """What the kill tests stand on."""
    group = stack.pid("kamailio")
    assert group is not None
    stack.kill("kamailio")
    assert stack.pid("kamailio") is None
    assert [pid for pid in processes_of(stack.settings.var_dir) if os.getpgid(pid) == group] == []
    assert not answers_options(stack.settings.sip_address)
    stack.restart("kamailio")
    assert answers_options(stack.settings.sip_address)


def test_each_secret_goes_only_where_it_is_needed(stack: Stack) -> None:
    """Kamailio cannot reach the database; nobody else can open a token."""
    assert "DATABASE_URL" not in environment_of(stack, "kamailio")
    for name in ("table", "ledger", "sender"):
        assert "EDGE_KEY" not in environment_of(stack, name)
        assert environment_of(stack, name)["DATABASE_URL"] == stack.database_url


def test_secrets_on_disk_are_for_their_owner_only(stack: Stack) -> None:
    """The key and the database's password."""
    for name in ("edge.key", "pgpass", "run/stack.json"):
        assert (stack.settings.var_dir / name).stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("user", ["edge", "postgres"])
def test_the_private_database_lets_nobody_in_without_the_password(stack: Stack, user: str) -> None:
    """Not even the superuser, not even from this machine."""
    port = psycopg2.extensions.parse_dsn(stack.database_url)["port"]
    with pytest.raises(psycopg2.OperationalError):
        psycopg2.connect(host="127.0.0.1", port=port, dbname="edge", user=user, password="", passfile=os.devnull)


def test_a_second_stack_on_the_same_directory_is_refused(stack: Stack) -> None:
    """Two supervisors would fight over one database; the first goes on untouched."""
    with pytest.raises(StackError, match="another stack runs"), Stack(settings_in(stack.settings.var_dir)):
        pass
    assert answers_options(stack.settings.sip_address)
    note = running(stack.settings.var_dir)
    assert note is not None
    assert note["database_url"] == stack.database_url


def test_a_part_that_cannot_start_is_named_with_its_last_words(tmp_path: Path) -> None:
    """And nothing is left of the others."""
    broken = {"kamailio": ["sh", "-c", "echo the config is wrong; exit 1"]}
    stack = Stack(settings_in(tmp_path), commands=broken)
    try:
        stack.start()
        with pytest.raises(StackError, match="kamailio is not ready after 5 s: the config is wrong"):
            stack.wait_ready("kamailio", seconds=5.0)
    finally:
        stack.stop()
    assert processes_of(tmp_path) == set()


def test_a_database_that_is_down_does_not_keep_kamailio_from_starting(tmp_path: Path) -> None:
    """Calls go on by the last table; what needs the database says so and tries again."""
    told: list[str] = []
    nowhere = "postgresql://edge@127.0.0.1:1/edge"
    stack = Stack(settings_in(tmp_path, nowhere), say=told.append)
    try:
        stack.start()
        stack.wait_ready("kamailio")
        assert {"migrate", "table"} <= stack.unready().keys()
    finally:
        stack.stop()
    assert any(line.startswith("migrate has not succeeded yet") for line in told)


def test_the_private_cluster_is_kept_between_runs(tmp_path: Path) -> None:
    """Same data, same URL."""
    settings = settings_in(tmp_path)
    urls = []
    for statement in ("create table kept (one int)", "select * from kept"):
        with Stack(settings, without=DATABASE_ONLY) as stack:
            urls.append(stack.database_url)
            conn = psycopg2.connect(stack.database_url)
            with conn, conn.cursor() as cur:
                cur.execute(statement)
            conn.close()
    assert urls[0] == urls[1]
    assert processes_of(tmp_path) == set()


def test_nothing_outlives_a_killed_supervisor(tmp_path: Path) -> None:
    """kill -9 of the supervisor ends every part; the next start finds the way free."""
    settings = settings_in(tmp_path)
    program = (
        "import sys, threading; from deploy.settings import FixedSettings; from deploy.stack import Stack\n"
        f"stack = Stack(FixedSettings(var_dir={str(tmp_path)!r}, sip_listen={settings.sip_listen!r}, "
        f"rtpengine='none'))\n"
        "stack.__enter__(); print('ready', flush=True); threading.Event().wait()"
    )
    with subprocess.Popen([sys.executable, "-c", program], cwd=ROOT, stdout=subprocess.PIPE, text=True) as supervisor:
        assert supervisor.stdout is not None
        assert supervisor.stdout.readline() == "ready\n"
        assert len(processes_of(tmp_path) - {supervisor.pid}) > 5
        supervisor.kill()
    assert until(lambda: processes_of(tmp_path) == set(), 20.0)
    assert running(tmp_path) is None
    with Stack(settings) as stack:
        assert answers_options(stack.settings.sip_address)
