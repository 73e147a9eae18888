"""`make run`: the stack in the foreground, until Ctrl-C or SIGTERM."""

import difflib
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.table import Table

from deploy.console import wide_console
from deploy.hosts import is_mine
from deploy.parts import pongs
from deploy.settings import ENV_FILE, Settings, load
from deploy.stack import Stack, StackError
from deploy.wait import until
from kemi.domain.media import parse_nodes
from kemi.errors import EdgeError

_ENDING_SECONDS: Final = 5.0  # what a supervisor that was killed had started is on its way out


def status(stack: Stack) -> Table:
    """Return where the stack listens, where its data is, and what to do next."""
    settings, private = stack.settings, stack.settings.database_url is None
    table = Table.grid(padding=(0, 2))
    table.add_row("SIP", f"{settings.sip_listen}, seen by others as {settings.environment()['SIP_ADVERTISE']}")
    if settings.sip_tcp == "yes":
        said = "at the same address; a firewall must let in nobody but trunks and gateways"
        table.add_row("SIP by TCP", said)
    table.add_row("voice", _voice(settings))
    table.add_row("database", f"psql '{stack.database_url}'" if private else "that of DATABASE_URL")
    if settings.receipts_listen:
        table.add_row("receipts", f"{settings.receipts_listen}, seen by providers as {settings.receipts_url}")
    table.add_row("data, logs", f"{settings.var_dir}, {settings.var_dir / 'log'}")
    table.add_row("settings", sources(ENV_FILE))
    table.add_row("next", "make call, in another terminal; Ctrl-C here stops everything")
    return table


def sources(env_file: Path) -> str:
    """Say where the settings come from."""
    named = sorted(name.upper() for name in Settings.model_fields if os.environ.get(name.upper()))
    if not named:
        return str(env_file) if env_file.exists() else "defaults (edge.env.example says what can be set)"
    file = f"then {env_file}" if env_file.exists() else "else defaults (edge.env.example)"
    return f"{' and '.join(filter(None, (', '.join(named[:-1]), named[-1])))} of the environment, {file}"


def doubts(settings: Settings) -> Iterator[str]:
    """Yield in words what is no mistake for certain, and looks like one."""
    known = {name.upper() for name in Settings.model_fields}
    for name in sorted(os.environ.keys() - known):
        for match in difflib.get_close_matches(name, known, n=1, cutoff=0.9):
            yield f"{name} in the environment is not a setting; is {match} meant?"
    for node in parse_nodes(settings.rtpengine) if settings.rtpengine not in {"own", "none"} else ():
        if not pongs((node.ip, node.port)):
            host = f"[{node.ip}]" if ":" in node.ip else node.ip
            why = "it does not answer; where none does, new calls get 503 (trunk.without_media)"
            yield f"RTPENGINE=udp:{host}:{node.port}: {why}"


def _voice(settings: Settings) -> str:
    if settings.rtpengine == "own":
        return f"through an rtpengine at {settings.rtp_address or settings.sip_address[0]}, ports {settings.rtp_ports}"
    return "from side to side, each sees the other's address" if settings.rtpengine == "none" else settings.rtpengine


def _claim(settings: Settings) -> None:
    """Raise `StackError` where Kamailio could not listen, or would share the port and get half of the packets."""
    if not is_mine(settings.sip_address[0]):
        raise StackError(f"SIP_LISTEN={settings.sip_listen}: this machine has no such address")
    if not until(lambda: is_mine(*settings.sip_address), _ENDING_SECONDS):
        raise StackError(f"SIP_LISTEN={settings.sip_listen}: something else listens there")
    if settings.sip_tcp == "yes" and not until(lambda: is_mine(*settings.sip_address, tcp=True), _ENDING_SECONDS):
        raise StackError(f"SIP_TCP=yes: something else listens by TCP at {settings.sip_listen.removeprefix('udp:')}")


def serve(settings: Settings, console: Console) -> None:
    """Run the stack until a signal. Raises `EdgeError` where Kamailio or the private database does not start."""
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    stack = Stack(settings, say=lambda line: console.print(time.strftime("%H:%M:%S"), line))
    try:
        _claim(settings)
        stack.start()
        stack.wait_ready("kamailio")
        for name, words in stack.unready().items():
            console.print(f"{name} is not ready yet: {words}")
        console.print(status(stack))
        for words in doubts(settings):
            console.print(words, style="yellow", markup=False, soft_wrap=True)
        ended.wait()
        console.print("stopping")
    finally:
        stack.stop()


def main() -> int:
    """Run until told to end; 1 when it could not start, with the reason in words."""
    console = wide_console(stderr=True)
    try:
        serve(load(), console)
    except EdgeError as error:
        console.print(str(error), style="red", markup=False)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
