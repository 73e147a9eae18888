"""`python -m sipp_scenarios.bench.steps`: what each step of masking costs, by leaving it out, all in turn."""

import os
import subprocess
import sysconfig
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import median
from typing import Annotated, Final, NamedTuple

import typer
from rich.table import Table

from deploy.console import wide_console
from deploy.parts import MEMORY, SHARED_MB, answers_options
from deploy.settings import ROOT
from deploy.stack import edge_key
from deploy.wait import until
from sipp_scenarios.bench import counted, measure, stage
from sipp_scenarios.bench.figures import Window, cost
from sipp_scenarios.bench.load import Load
from sipp_scenarios.bench.program import EDGE, Program
from tests.edge import EDGE_HOST, Edge, free_port

_HERE: Final = Path(__file__).parent
_CALLS: Final = 800  # of a window
_WARM_UP: Final = 200
_WHOLE: Final = counted.WHOLE
WHAT: Final = {
    _WHOLE: "everything on",
    **counted.WHAT,
    "topoh": "more: the topoh module beside us, which encodes Vias",
}
_TOPOH: Final = """loadmodule "topoh.so"
modparam("topoh", "mask_key", "for the benchmark")
modparam("topoh", "mask_ip", "10.1.1.1")
modparam("topoh", "sanity_checks", 0)
### Transactions"""


class Price(NamedTuple):
    """A step: CPU ms of a call without it, and what it adds: the median over the rounds, and of each round."""

    step: str
    without_ms: float
    price_ms: float
    rounds: list[float]
    failed: int


def prices(windows: dict[str, list[Window]], idle: dict[str, float]) -> list[Price]:
    """Price each step by its neighbour in time that has everything on. CPU-s per 1000 calls are CPU ms a call."""
    costs = {step: [cost(one, EDGE, idle[step]) for one in each] for step, each in windows.items()}
    whole = costs[_WHOLE]
    found = []
    for step, each in costs.items():
        added = [with_ - without for with_, without in zip(whole, each, strict=True)]
        failed = sum(one.failed for one in windows[step])
        found.append(Price(step, median(each), median(added), added, failed))
    return found


@contextmanager
def running_without(edge: Edge, step: str, folder: Path) -> Iterator[Program]:
    """Give a Kamailio on the edge's own table, with `step` left out. Raises `TimeoutError`."""
    address, config = (EDGE_HOST, free_port(EDGE_HOST)), folder / f"{step}.cfg"
    text = (ROOT / "kamailio.cfg").read_text()
    config.write_text(text.replace("### Transactions", _TOPOH, 1) if step == "topoh" else text)
    command = ["setpriv", "--pdeathsig", "TERM", "--", "kamailio", "-f", str(config), "-DD", "-E"]
    command += [*MEMORY, "-m", str(SHARED_MB), "-M", "16", "-Y", str(folder)]
    with (folder / f"{step}.log").open("wb") as log:
        process = subprocess.Popen(
            [*command, "-P", str(folder / f"{step}.pid")],
            cwd=ROOT, env=_environment(edge, step, address, folder), stdin=subprocess.DEVNULL, stdout=log, stderr=log,
        )  # fmt: skip
    try:
        if not until(lambda: answers_options(address), 15.0):
            raise TimeoutError(f"{step}: {(folder / f'{step}.log').read_text()[-2000:]}")
        yield Program(step, address, edge.gateway_port, {EDGE: (process.pid,)})
    finally:
        process.terminate()
        process.wait(10)


def _environment(edge: Edge, step: str, address: tuple[str, int], folder: Path) -> dict[str, str]:
    host = f"{address[0]}:{address[1]}"
    return {
        **os.environ,
        **edge.stack.settings.environment(),
        "SIP_LISTEN": f"udp:{host}",
        "SIP_ADVERTISE": host,
        "EDGE_KEY": edge_key(edge.stack.settings),
        "ENTRY_FILE": str(_HERE / "without.py"),
        "EDGE_SITE": sysconfig.get_path("purelib"),
        "RPC_SOCKET": str(folder / f"{step}.rpc"),
        "RTPENGINE": "",
        "BENCH_WITHOUT": step,
    }


def main(
    rounds: Annotated[int, typer.Option(min=1, max=50, help="How often each is loaded.")] = 3,
    rate: Annotated[int, typer.Option(min=1, max=1000, help="Calls a second.")] = 100,
) -> None:
    """CPU of the proxy for a five-way call, each step of masking left out in turn; figures, never a verdict."""
    console = wide_console()
    with console.status("starting") as status:
        found = measured(rounds, rate, status.update)
    console.print(table(found, rate))


def measured(rounds: int, rate: int, say: Callable[[str], None]) -> list[Price]:
    """Return the price of each step at `rate` calls a second; `say` is told how far it is."""
    with ExitStack() as open_:
        folder = Path(open_.enter_context(tempfile.TemporaryDirectory(prefix="steps-")))
        edge = open_.enter_context(stage.running_ours(folder))
        for part in ("kamailio", "sender", "ledger", "watch"):
            edge.stack.halt(part)
        programs = [open_.enter_context(running_without(edge, step, folder)) for step in WHAT]
        idle = {name: parts[EDGE] for name, parts in measure.idle(programs, 3.0).items()}
        for each in programs:
            measure.window(each, Load(5, "answered", rate, _WARM_UP))
        windows: dict[str, list[Window]] = {}
        for window in measure.in_turn(programs, Load(5, "answered", rate, _CALLS), rounds):
            windows.setdefault(window.program, []).append(window)
            say(f"without {window.program}: {window.cpu[EDGE]:.2f} CPU-s, {len(windows[window.program])}/{rounds}")
    return prices(windows, idle)


def table(found: list[Price], rate: int) -> Table:
    """One line a step."""
    table = Table(box=None, padding=(0, 2, 0, 0), title=f"CPU ms of the proxy a call, at {rate} calls/s")
    for head in ("step", "without it", "it costs", "in each round", "failed calls"):
        table.add_column(head, justify="left" if head in {"step", "in each round"} else "right", no_wrap=True)
    for each in found:
        rounds = " ".join(f"{one:+.2f}" for one in each.rounds)
        price = "" if each.step == _WHOLE else f"{each.price_ms:+.2f}"
        table.add_row(WHAT[each.step], f"{each.without_ms:.2f}", price, rounds, str(each.failed))
    return table


if __name__ == "__main__":
    typer.run(main)
