"""`make run`: the stack in the foreground, until Ctrl-C or SIGTERM."""

import signal
import sys
import threading
import time
from typing import Final

from rich.console import Console
from rich.table import Table

from deploy.console import wide_console
from deploy.hosts import is_mine
from deploy.settings import ENV_FILE, Settings, load
from deploy.stack import Stack, StackError
from deploy.wait import until
from kemi.errors import EdgeError

_ENDING_SECONDS: Final = 5.0  # what a supervisor that was killed had started is on its way out


def status(stack: Stack) -> Table:
    """Return where the stack listens, where its data is, and what to do next."""
    settings, private = stack.settings, stack.settings.database_url is None
    table = Table.grid(padding=(0, 2))
    table.add_row("SIP", f"{settings.sip_listen}, seen by others as {settings.environment()['SIP_ADVERTISE']}")
    table.add_row("voice", _voice(settings))
    table.add_row("database", f"psql '{stack.database_url}'" if private else "that of DATABASE_URL")
    if settings.receipts_listen:
        table.add_row("receipts", f"{settings.receipts_listen}, seen by providers as {settings.receipts_url}")
    table.add_row("data, logs", f"{settings.var_dir}, {settings.var_dir / 'log'}")
    table.add_row(
        "settings", str(ENV_FILE) if ENV_FILE.exists() else "defaults (edge.env.example says what can be set)"
    )
    table.add_row("next", "make call, in another terminal; Ctrl-C here stops everything")
    return table


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
