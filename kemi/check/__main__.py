"""`python -m kemi.check check` and `… explain 02727777787`: can it ring, and what would happen to a call.

Environment: DATABASE_URL, VAR_DIR (the workers' table is `VAR_DIR/table`), SIP_TCP; SIP_LISTEN and RTPENGINE (unset:
trunks and gateways are not compared with them). `make check` and `make explain` set them.
Exit status: 0 everything can ring, 1 something cannot, or the workers' table is another than the tables say, 2 the
question cannot be answered.
"""

import contextlib
import os
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Final

import psycopg2
import typer
from msgspec import structs
from psycopg2.extensions import connection
from rich.console import Console

from kemi.check.carriers import GatewayRow, GatewayVerdict, Own, TrunkVerdict, gateway_verdicts, own, trunk_verdicts
from kemi.check.explain import Explanation
from kemi.check.explain import explain as explained
from kemi.check.records import LiveTable, SqlTable, Table, differences
from kemi.check.report import Checked, as_json, show, show_explanation
from kemi.check.texting import ProviderRow, provider_verdicts, texts_verdicts
from kemi.check.verdict import HOME, UNREACHED, GroupVerdict, MemberRow, failing, group_verdict, hotline_verdict
from kemi.domain.e164 import e164
from kemi.domain.identity import Caller
from kemi.domain.schedule import zone
from kemi.errors import EdgeError, NotANumber, TableUnavailable
from sql.named import queries
from sql.said import said

_WIDTH: Final = 160  # characters, where nobody's terminal says less
_CATCH_UP_SECONDS: Final = 3.0  # a row written a moment ago is on its way

app = typer.Typer(add_completion=False, no_args_is_help=True, help="The configuration of external groups, checked.")
_Json = Annotated[bool, typer.Option("--json", help="for machines")]
_Live = Annotated[bool, typer.Option("--live", help="by the workers' table, not by the database")]
_At = Annotated[str, typer.Option(help="when, by the tenant's clock: 2026-09-02 19:00; default: now")]


class BadQuestion(EdgeError):
    """The question cannot be answered; the text says why."""


@app.command()
def check(
    live: _Live = False,
    json: _Json = False,
    problems: Annotated[bool, typer.Option("--problems", help="only what cannot ring")] = False,
) -> None:
    """Say for every trunk, hotline, group, member and gateway whether calls can come through now, and why not."""
    with _answering():
        found = _check(live=live, problems=problems)
    _print(found.is_good, as_json(found) if json else None, lambda console: show(found, console))


@app.command()
def explain(
    hotline: Annotated[str, typer.Argument(help="the number that is dialled, in any spelling")],
    at: _At = "",
    caller: Annotated[str, typer.Option(help="who calls; default: somebody who withholds his number")] = "",
    live: _Live = False,
    json: _Json = False,
) -> None:
    """Say step by step what the edge would do with a call, by the code that does it."""
    who = Caller(None, withheld=True)
    with _answering(), _table(live=live) as table:
        if caller:
            who = Caller(_number(caller), withheld=False)
        now = _moment(table, hotline, at)
        found = explained(table, hotline, who, now)
        if not live:
            found = structs.replace(found, workers=_workers(found, hotline, who, now))
    _print(found.rings, as_json(found) if json else None, lambda console: show_explanation(found, console))


def _workers(found: Explanation, dialled: str, caller: Caller, now: float) -> str:
    try:
        with contextlib.closing(_live()) as table:
            same = explained(table, dialled, caller, now).steps == found.steps
    except TableUnavailable as error:
        return f"Not compared with the workers' routing table: {error}"
    says = "says the same." if same else "says something else: explain --live shows it."
    return f"The workers' routing table {says}"


def _print(good: bool, text: str | None, shown: Any) -> None:
    if text is not None:
        sys.stdout.write(text + "\n")
    else:
        console = Console(highlight=False)
        shown(console if console.is_terminal else Console(highlight=False, width=_WIDTH))
    raise typer.Exit(0 if good else 1)


@contextlib.contextmanager
def _answering() -> Iterator[None]:
    try:
        yield
    except (EdgeError, psycopg2.Error) as error:
        Console(stderr=True, highlight=False).print(said(error), style="red", markup=False, soft_wrap=True)
        raise typer.Exit(2) from error


def _connect() -> connection:
    url = os.environ.get("DATABASE_URL")
    if not url:
        raise BadQuestion("no stack runs here, and DATABASE_URL is not set: start one with `make run`")
    conn = psycopg2.connect(url, connect_timeout=5, application_name="external-groups check")
    conn.set_session(isolation_level="REPEATABLE READ", readonly=True)
    return conn


def _live() -> LiveTable:
    return LiveTable(Path(os.environ.get("VAR_DIR") or "var") / "table")


@contextlib.contextmanager
def _table(*, live: bool) -> Iterator[Table]:
    if live:
        with contextlib.closing(_live()) as table:
            yield table
    else:
        with contextlib.closing(_connect()) as conn:
            yield _sql(conn)


def _check(*, live: bool, problems: bool) -> Checked:
    with contextlib.closing(_connect()) as conn:
        with contextlib.closing(_live()) if live else contextlib.nullcontext() as table:
            found = judged(conn, table, problems=problems)
        conn.rollback()
        give_up = time.monotonic() + _CATCH_UP_SECONDS
        while True:
            try:
                with contextlib.closing(_live()) as workers:
                    found.differences = list(differences(_sql(conn), workers))
                conn.rollback()
            except TableUnavailable as error:
                found.live = str(error)
            if not found.differences or time.monotonic() > give_up:
                return found
            time.sleep(0.2)


def judged(conn: connection, live: LiveTable | None = None, *, problems: bool = False) -> Checked:
    """Judge what the database lists; by itself, or by the workers' table. `problems`: keep only what cannot ring."""
    now, listed = time.time(), _sql(conn)
    table = live or listed
    found = Checked([], [], [], trunks=_trunks(conn), gateways=_gateways(conn))
    found.texts = list(texts_verdicts(_ask(conn, "texts")))
    found.providers = list(provider_verdicts(map(ProviderRow._make, _ask(conn, "providers")), os.environ))
    if problems:
        found.trunks = [one for one in found.trunks if one.state == "no"]
        found.gateways = [one for one in found.gateways if one.state == "no"]
        found.texts = [one for one in found.texts if one.state == "no"]
        found.providers = [one for one in found.providers if one.state == "no"]
    unreached = {group for (group,) in _ask(conn, "unreached_groups")}
    for numbers in listed.number_pages():
        records = (table.hotline(number) for number in numbers)
        lines = (hotline_verdict(table, one, now) for one in records if one is not None)
        found.hotlines += [one for one in lines if not problems or one.state == "no"]
    for groups in listed.group_pages():
        verdicts = [
            structs.replace(one, unreached=UNREACHED) if one.id in unreached else one
            for one in _groups(conn, listed, table, groups, now)
        ]
        found.groups += filter(None, map(failing, verdicts)) if problems else verdicts
    return found


def _sql(conn: connection) -> SqlTable:
    return SqlTable(conn, tcp=os.environ.get("SIP_TCP") == "yes")


def _trunks(conn: connection) -> list[TrunkVerdict]:
    return list(trunk_verdicts(_ask(conn, "trunks"), _own()))


def _gateways(conn: connection) -> list[GatewayVerdict]:
    return list(gateway_verdicts(map(GatewayRow._make, _ask(conn, "gateways")), _own()))


def _own() -> Own:
    return own(os.environ.get("SIP_LISTEN", ""), os.environ.get("RTPENGINE", ""), os.environ.get("SIP_TCP", ""))


def _groups(conn: connection, listed: SqlTable, table: Table, groups: list[int], now: float) -> Iterator[GroupVerdict]:
    members: dict[int, list[MemberRow]] = defaultdict(list)
    for group, *member in _ask(conn, "members", groups=groups):
        members[group].append(MemberRow(*member))
    problems: dict[str, list[str]] = defaultdict(list)
    for problem in listed.problems:
        problems[problem.partition(":")[0]].append(problem)
    for group_id, tenant_id in sorted(_ask(conn, "groups", groups=groups)):
        group, tenant = table.group(group_id), table.tenant(tenant_id)
        if group is not None and tenant is not None:
            yield group_verdict(table, group, tenant, members[group_id], problems[f"group {group_id}"], now)


def _ask(conn: connection, name: str, **params: object) -> list[tuple[Any, ...]]:
    with conn.cursor() as cur:
        cur.execute(queries("check")[name], params)
        return cur.fetchall()


def _number(text: str) -> str:
    try:
        return e164(text)
    except NotANumber as error:
        raise BadQuestion(f"--caller {text}: not a telephone number") from error


def _moment(table: Table, dialled: str, at: str) -> float:
    """Return the moment that the hotline's tenant calls `at`."""
    if not at:
        return time.time()
    with contextlib.suppress(NotANumber):
        hotline = table.hotline(e164(dialled))
        tenant = None if hotline is None else table.tenant(hotline.tenant_id)
        where = HOME if tenant is None else tenant.time_zone
        try:
            return datetime.fromisoformat(at).replace(tzinfo=zone(where)).timestamp()
        except ValueError as error:
            raise BadQuestion(f"--at {at}: write it like 2026-09-02 19:00") from error
    return time.time()


if __name__ == "__main__":
    app(prog_name="extgroup")
