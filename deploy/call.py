"""`make call`: one test call on the stack that runs here; SIPp is the customer, and the carrier where that is local.

Where the private database holds no hotline at all, the example company is written first, and that is said. A call
through a real gateway rings real telephones: it is placed only with `--real`.
"""

import contextlib
import ipaddress
import secrets
import tempfile
from pathlib import Path
from typing import Annotated, Final
from urllib.parse import urlsplit

import psycopg2
import typer
from psycopg2.extensions import connection
from rich.console import Console

from deploy import ports, show
from deploy.console import wide_console
from deploy.demo.sms_sink import SmsSink
from deploy.settings import Settings, load
from deploy.sipp import CALLER, Party
from deploy.stack import running
from deploy.wait import until
from kemi.domain.e164 import e164, spell
from kemi.domain.model import Gateway, Group, Hotline
from kemi.errors import EdgeError, NotANumber
from kemi.table.store import TableReader
from sql import seed
from sql.said import said

_EXAMPLE: Final[dict[str, str | int]] = {
    "trunk_address": ports.CUSTOMER_HOST,
    "gateway_host": ports.GATEWAY_HOST,
    "gateway_port": 5060,
    "sms_url": "http://127.0.0.1:8480/send",
}
_SETTLE_SECONDS: Final = 15.0


class CallError(EdgeError):
    """The test call cannot be placed; the text says what is needed."""


def main(
    hotline: Annotated[str, typer.Argument(help="the hotline to call; default: the first that has a group")] = "",
    real: Annotated[bool, typer.Option(help="ring real telephones through a gateway that is not local")] = False,
) -> None:
    """Place one test call on the stack of `make run` and show what the ledger says of it."""
    console = wide_console()
    try:
        settings = load()
        note = running(settings.var_dir)
        if note is None:
            raise CallError("no stack runs here: start one with `make run` in another terminal")
        with contextlib.closing(psycopg2.connect(note["database_url"])) as conn:
            _call(conn, settings, hotline, console, real=real)
    except (EdgeError, psycopg2.Error) as error:
        console.print(said(error), style="red", markup=False)
        raise typer.Exit(1) from error


def _call(conn: connection, settings: Settings, wanted: str, console: Console, *, real: bool) -> None:
    number = _number(wanted) if wanted else _first_hotline(conn, console, private=settings.database_url is None)
    hotline, group, gateway = _compiled(TableReader(settings.var_dir / "table"), number)
    customer = ports.free_udp(_address_to_call_from(conn))
    local = ipaddress.ip_address(gateway.host).is_loopback
    if not local and not real:
        raise CallError(f"this rings real telephones through {gateway.name} ({gateway.host}): make call ARGS=--real")
    dialled, call_id = spell(number, "national"), f"make-call-{secrets.token_hex(8)}"
    members = group.members
    console.print(f"{CALLER} calls {dialled}; {len(members)} members ring by way of {gateway.name} ({gateway.host})")
    with tempfile.TemporaryDirectory() as directory, contextlib.ExitStack() as parties:
        log = Path(directory)
        sink = _local_sink(conn, hotline.tenant_id, parties)
        if local:
            where = (gateway.host, gateway.port)
            parties.enter_context(Party("gateway_answers", where, log, calls=len(members)))
        caller = Party(
            "customer_talks", customer, log, remote=settings.sip_address, hotline=dialled, seconds=60,
            keys={"caller": CALLER}, call_id=call_id,
        )  # fmt: skip
        missed = parties.enter_context(caller).finish()
        settled = until(lambda: show.is_settled(conn, call_id), _SETTLE_SECONDS)
        for one in sink.messages() if sink else []:
            console.print(f"SMS to {one['to']}: {one['text']}", markup=False, soft_wrap=True)
    _show(conn, call_id, console)
    if missed or not settled:
        slow = f"after {_SETTLE_SECONDS:.0f} s the call has not ended in the ledger, or an SMS is still to go"
        raise CallError(missed or f"{slow} (see ledger.log and sender.log in VAR_DIR/log)")


def _number(wanted: str) -> str:
    try:
        return e164(wanted)
    except NotANumber as wrong:
        raise CallError(f"{wanted} is not a telephone number") from wrong


def _first_hotline(conn: connection, console: Console, *, private: bool) -> str:
    found = show.select(conn, "hotline_to_call")
    if not found and private:
        seed.load(conn, "vcontact", **_EXAMPLE)
        console.print("There was no hotline: the example company vContact (sql/seed/vcontact.sql) is there now.")
        found = show.select(conn, "hotline_to_call")
    if not found:
        raise CallError("there is no enabled hotline: README, “A real trunk and gateway”, has the SQL to copy")
    return str(found[0]["number"])


def _compiled(table: TableReader, number: str) -> tuple[Hotline, Group, Gateway]:
    """Return the hotline as the workers see it, its group and a gateway. Raises `CallError` if it cannot ring."""

    def can_ring() -> bool:
        record, group = table.hotline(number), table.group_of(number)
        return record is not None and record.refusal is None and group is not None and group.refusal is None

    until(can_ring, 5.0)  # a row written a moment ago is on its way
    record = table.hotline(number)
    if record is None:
        raise CallError(f"{number} is not a hotline (no such row, or the table is not compiled: see log/table.log)")
    group = table.group_of(number)
    refusal = record.refusal or ("no group rings outside its schedule" if group is None else group.refusal)
    gateways = [table.gateway(one) for one in group.gateways] if group else []
    usable = [gateway for gateway in gateways if gateway is not None]
    if group is None or refusal is not None or not usable:
        raise CallError(f"{number} cannot ring: {refusal or 'no gateway accepts its outbound number'}")
    return record, group, usable[0]


def _address_to_call_from(conn: connection) -> str:
    found = show.select(conn, "address_to_call_from")
    if not found:
        raise CallError(
            f"no trunk takes calls from here: give one {ports.CUSTOMER_HOST}/32 in trunk_address, to test with"
        )
    return str(found[0]["address"])


def _local_sink(conn: connection, tenant: int, parties: contextlib.ExitStack) -> SmsSink | None:
    """Play the SMS provider where the tenant's is a loopback address that nobody listens on yet."""
    found = show.select(conn, "sms_url", tenant=tenant)
    url = urlsplit(found[0]["url"]) if found else None
    if url is None or url.hostname != "127.0.0.1" or url.port is None:
        return None
    try:
        return parties.enter_context(SmsSink(url.port))
    except OSError:  # a provider, or a relay to one, is there already
        return None


def _show(conn: connection, call_id: str, console: Console) -> None:
    call = show.call_of(conn, call_id)
    for name in show.SHOWN if call else ():
        console.print(show.table(name, show.select(conn, name, call=call)))


if __name__ == "__main__":
    typer.run(main)
