"""`make demo`: three calls on a stack of their own; what everybody saw, and whether it is what is promised."""

import contextlib
import os
import shutil
import signal
import sys
import tempfile
import time
from pathlib import Path

import psycopg2
from rich.console import Console

from deploy import ports
from deploy.console import wide_console
from deploy.demo.promises import Promise
from deploy.demo.sms_sink import SmsSink
from deploy.demo.stage import Stage
from deploy.demo.stories import HOTLINE, STORIES
from deploy.demo.telling import observe, tell
from deploy.settings import ROOT, FixedSettings
from deploy.stack import Stack
from deploy.wait import until
from kemi.errors import EdgeError
from kemi.table.store import TableReader
from sql import seed
from sql.said import said


def main() -> int:
    """Play the calls; 1 with a clear line where something is not as promised."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that every block is left in order
    console = wide_console()
    started = float(os.environ.get("DEMO_STARTED") or time.time())  # when make began
    var_dir = _var_dir()
    try:
        broken = _demo(console, var_dir)
    except (EdgeError, psycopg2.Error) as error:
        console.print(f"The demo broke off: {said(error)}", style="bold red", markup=False)
        broken = [Promise("the demo plays to its end", kept=False)]
    left = _still_running(var_dir)
    broken += [Promise(f"nothing is left running ({left})", kept=False)] if left else []
    console.print(f"{time.time() - started:.1f} s in all", style="dim")
    if broken:
        console.print(f"NOT as promised: {'; '.join(one.text for one in broken)}", style="bold red", markup=False)
        console.print(f"Logs and captures are in {var_dir}", markup=False)
        return 1
    shutil.rmtree(var_dir)
    console.print("Everything is as promised. Nothing is left running.", style="bold green")
    return 0


def _var_dir() -> Path:
    home = ROOT / "var" / "demo"
    home.mkdir(parents=True, exist_ok=True)
    return Path(tempfile.mkdtemp(prefix="", dir=home))


def _still_running(var_dir: Path) -> list[str]:
    """Return the ids of processes that were started with this VAR_DIR."""
    mark, left = str(var_dir).encode(), []
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):  # it ended while we looked
            if mark in (process / "cmdline").read_bytes() + (process / "environ").read_bytes():
                left.append(process.name)
    return left


def _demo(console: Console, var_dir: Path) -> list[Promise]:
    """Start the stack, play every story, show it; return the promises that were not kept."""
    edge, customer, gateway = (
        ports.free_udp(host) for host in (ports.EDGE_HOST, ports.CUSTOMER_HOST, ports.GATEWAY_HOST)
    )
    rtp_ports = ports.free_rtp(ports.EDGE_HOST)
    settings = FixedSettings(
        var_dir=var_dir, sip_listen=f"udp:{edge[0]}:{edge[1]}", node_name="demo", rtp_ports=rtp_ports
    )
    broken: list[Promise] = []
    with Stack(settings, say=console.print) as stack, SmsSink() as sink:
        conn = psycopg2.connect(stack.database_url)
        seed.load(
            conn,
            "vcontact",
            trunk_address=customer[0],
            gateway_host=gateway[0],
            gateway_port=gateway[1],
            sms_url=sink.url,
        )
        _wait_for_table(var_dir)
        console.print(f"edge {edge[0]}:{edge[1]}, customer {customer[0]}, carrier gateway {gateway[0]}", style="dim")
        stage = Stage(edge, customer, gateway, var_dir / "log")
        for number, story in enumerate(STORIES, start=1):
            console.rule(f"{number}. {story.title}", align="left", style="bold")
            kept = tell(console, story, observe(story, stage, sink, conn))
            broken += [one for one in kept if not one.kept]
        conn.close()
    return broken


def _wait_for_table(var_dir: Path) -> None:
    """Wait until the hotline's record has reached the table that the workers read."""
    table = TableReader(var_dir / "table")
    if not until(lambda: table.hotline("+84" + HOTLINE[1:]) is not None, 10.0):
        raise EdgeError("the seed did not reach the routing table within 10 s")


if __name__ == "__main__":
    sys.exit(main())
