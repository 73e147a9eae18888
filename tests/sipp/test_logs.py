"""Every part's log is read: what an operator would be woken by is told, whichever part has written it."""

import os
import signal

import pytest

from deploy.wait import until
from tests.edge import BOB, CALLER, HOTLINE, Edge
from tests.logs import Logs, faults, numbers_of


def told(part: str, text: str, *excused: str) -> list[str]:
    """What is wrong with a log."""
    return list(faults(part, text, numbers_of({CALLER, BOB}), excused))


@pytest.mark.parametrize("part", ["kamailio", "ledger", "sender", "watch", "table", "recorder", "receipts"])
@pytest.mark.parametrize(
    "line", ["Traceback (most recent call last):", '  File "/x/y.py", line 3, in z', "failed in=ksr_request_route x=1"]
)
def test_a_traceback_is_told_of_every_part(part: str, line: str) -> None:
    """No excuse covers it."""
    [found] = told(part, f"{part} ready\n{line}\n", "File", "Traceback", "failed")
    assert found.startswith("a traceback: ")


@pytest.mark.parametrize(
    ("part", "line"),
    [
        ("kamailio", " 2(74) ERROR: tm [t_fwd.c:1]: t_relay(): failed"),
        ("kamailio", " 2(74) CRITICAL: <core> [x.c:1]: x(): out of it"),
        ("kamailio", " 2(74) WARNING: <core> [core/kemi.c:1]: sr_kemi_core_warn(): alarm=rtpengine_down rtpengine=1"),
        ("postgres", "2026-11-27 20:37:33.133 UTC [53] ERROR:  duplicate key"),
        ("postgres", "2026-11-27 20:37:33.133 UTC [53] FATAL:  terminating connection"),
        ("rtpengine", "[1795811847.513826] ERR: [core] Out of ports"),
        ("rtpengine", "[1795811847.513826] CRIT: [core] x"),
        ("ledger", "ledger: alarm=dead_letter file=x"),
        ("sender", "sms: driver failed notification=1 error=KeyError"),
        ("watch", "watch: alarm=gateway_down gateway=34"),
    ],
)
def test_an_error_is_told_but_where_it_is_expected(part: str, line: str) -> None:
    """By the part's own way to say so; an excuse is words of that line."""
    [found] = told(part, f"all is well\n{line}\n{line}\n".removesuffix(f"{line}\n"))
    assert found.startswith("an error: ")
    assert told(part, line, "another", line[-6:]) == []


def test_what_is_no_error_is_not_told() -> None:
    """Notices, waiting for a database, a hotline, a call's id."""
    calm = {
        "kamailio": f" 1(3) INFO: <core> [k.c:1]: i(): call=6b09ea35c4b5d9bbe07c received hotline=+84{HOTLINE[1:]}",
        "ledger": "ledger: the spool waits, trying again in 1 s: connection already closed",
        "rtpengine": "[1795811847.513826] NOTICE: [6b09ea07637fa2b606a8]: [core] Creating new call",
        "table": "table: group 8: member 33 is not rung: the member's number is a premium or service number",
    }
    assert {part: told(part, line) for part, line in calm.items()} == {part: [] for part in calm}


@pytest.mark.parametrize("part", ["sender", "recorder"])
@pytest.mark.parametrize(
    "spelt", [CALLER, f"+84{CALLER[1:]}", "84 909 789 846", "0909.789.846", CALLER[::-1], "30393039373839383436"]
)
def test_a_number_is_told_in_every_form_that_the_auditor_knows(part: str, spelt: str) -> None:
    """Whose it is is not spelled in the report either."""
    found = told(part, f"to={spelt} state=accepted")
    assert found
    assert all(each.startswith("the number …846 (") and CALLER not in each for each in found)


def test_the_logs_of_all_parts_are_read_from_a_moment_on(edge: Edge) -> None:
    """What was there before is not told again."""
    log = edge.stack.settings.var_dir / "log" / "watch.log"
    with log.open("a") as file:
        file.write("watch: alarm=before\n")
    logs = Logs(edge)
    with log.open("a") as file:
        file.write(f"watch: alarm=x\nwatch: asked {BOB}\n")
    assert {"kamailio", "ledger", "sender", "watch", "recorder", "receipts", "table", "postgres"} <= set(logs.said())
    found = logs.faults({BOB}, {})
    assert found[0] == "the log of watch has an error: alarm=x"
    assert all(each.startswith("the log of watch has the number …909 (") for each in found[1:])
    assert len(found) > 1
    assert logs.faults({CALLER}, {"watch": ["alarm=x"]}) == []


def test_a_part_that_dies_by_itself_is_told_and_one_that_is_killed_is_not(edge: Edge) -> None:
    """Whatever it, and those that it leaves, say of it."""
    killed = Logs(edge)
    edge.stack.kill("postgres")
    edge.stack.restart("postgres")
    assert killed.faults((), {}) == []
    died, before = Logs(edge), edge.stack.pid("watch")
    assert before is not None
    os.kill(before, signal.SIGKILL)
    assert until(lambda: edge.stack.pid("watch") not in {None, before}, 30)
    assert died.faults((), {}) == ["by itself: watch ended (SIGKILL); starts again in 0.2 s"]
