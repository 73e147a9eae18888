"""`extgroup` (deploy/extgroup): the operator's questions, answered from the database.

Exit status: 0 as asked; 1 the answer is no (no such call, a move that is not legal, an SMS that was not taken, a
hotline that cannot ring); 2 the question cannot be answered (bad arguments or settings, no database).
"""

import os
import sys
from typing import Annotated, Final

import typer
from psycopg2.extensions import connection

from deploy.desk import asking, providing, readying, telling, trying
from deploy.desk.asking import BadQuestion, Nothing
from deploy.settings import load
from deploy.stack import running
from kemi.check import __main__ as checking
from kemi.errors import EdgeError
from kemi.sound import __main__ as sounding

_OUTCOMES: Final = ("ringing", "answered", "missed", "refused", "interrupted")
_STATES: Final = (
    "queued", "sending", "accepted", "delivered", "failed", "expired", "unknown", "suppressed", "merged",
    "not_applicable", "withheld",
)  # fmt: skip
_Json = Annotated[bool, typer.Option("--json", help="for machines: all fields, numbers in full")]
_Since = Annotated[str, typer.Option(help="how long ago (90m, 2h, 3d, 1w), or a time: 2026-09-02 19:00")]
_Limit = Annotated[int, typer.Option(min=1, max=100_000, help="at most so many, the newest")]
_Ids = Annotated[list[int], typer.Argument(help="the ids that `extgroup sms` shows", metavar="ID...")]

app: Final = typer.Typer(add_completion=False, no_args_is_help=True, help="External groups: what is, was and would be.")
sms_app: Final = typer.Typer(help="What became of the SMS; try one again, cancel one, send a test.")
app.command()(checking.check)
app.command()(checking.explain)
app.add_typer(sms_app, name="sms")
sms_app.command()(readying.install)
sms_app.command()(providing.providers)
sms_app.command()(providing.probe)
app.add_typer(sounding.app, name="sound")


@app.command()
def calls(
    since: _Since = "1d",
    hotline: Annotated[str, typer.Option(help="of this number only, in any spelling")] = "",
    state: Annotated[str, typer.Option(help="only " + ", ".join(_OUTCOMES))] = "",
    limit: _Limit = 50,
    json: _Json = False,
) -> None:
    """List calls, the newest first."""
    with asking.answering() as conn:
        if state and state not in _OUTCOMES:
            raise BadQuestion(f"--state {state}: one of {', '.join(_OUTCOMES)}")
        number = asking.number("--hotline", hotline) if hotline else None
        found = asking.rows(conn, "calls", since=asking.moment(since), hotline=number, state=state or None, limit=limit)
    if json:
        telling.as_json(found)
    else:
        telling.calls(found)


@app.command()
def call(
    name: Annotated[str, typer.Argument(help="the call's id, or its SIP Call-ID", metavar="ID")],
    json: _Json = False,
) -> None:
    """Show what became of a call: its legs, and what its members were told."""
    with asking.answering() as conn:
        found = asking.rows(conn, "calls_named", name=name)
        if not found:
            raise Nothing(
                f"no call has the id or Call-ID {name}; `extgroup calls` lists them, purged ones only by their id"
            )
        whole = [{**one, **_story(conn, one["call_id"])} for one in found]
    if json:
        telling.as_json(whole)
    else:
        for one in whole:
            telling.ladder(one, one["ladder"])


def _story(conn: connection, call_id: str) -> asking.Row:
    texts = asking.rows(conn, "sms_of_call", call=call_id)
    for what in ("attempts", "receipts"):
        found = asking.rows(conn, f"{what}_of_call", call=call_id)
        for text in texts:
            text[what] = [one for one in found if one["notification_id"] == text["id"]]
    ladder, recording = (asking.rows(conn, what, call=call_id) for what in ("ladder", "recording_of_call"))
    return {"ladder": ladder, "notifications": texts, "recording": recording[0] if recording else None}


@app.command()
def texts(
    tenant: Annotated[str, typer.Option(help="of this one only, by name or id")] = "",
    json: _Json = False,
) -> None:
    """List the texts of SMS, filled in, with what they cost; ends with 1 where one is more than one SMS."""
    with asking.answering() as conn:
        found = asking.rows(conn, "texts", tenant=tenant or None)
        if tenant and not found:
            raise Nothing(f"--tenant {tenant}: nobody is called so")
    if json:
        telling.as_json(found)
    else:
        telling.texts(found)
    raise typer.Exit(1 if any(one["warning"] for one in found) else 0)


@app.command()
def report(
    day: Annotated[str, typer.Option(help="the day by the tenant's clock: 2026-09-02, today, yesterday")] = "today",
    until: Annotated[str, typer.Option(help="the last day, where it is to be several")] = "",
    json: _Json = False,
) -> None:
    """Count a day: calls, answered, missed, time to answer; SMS sent, delivered, failed. A line a tenant."""
    with asking.answering() as conn:
        first = asking.day("--day", day)
        last = asking.day("--until", until) if until else first
        if last < first:
            raise BadQuestion(f"--until {until}: before --day {day}")
        found = asking.rows(conn, "report", first_day=first, last_day=last)
    if json:
        telling.as_json(found)
    elif found:
        telling.report(found)
    else:
        telling.say("no calls")


@sms_app.callback(invoke_without_command=True)
def sms(
    context: typer.Context,
    since: _Since = "1d",
    state: Annotated[str, typer.Option(help="only " + ", ".join(_STATES))] = "",
    limit: _Limit = 50,
    json: _Json = False,
) -> None:
    """List SMS, the newest first; or retry, cancel, test."""
    if context.invoked_subcommand is not None:
        return
    with asking.answering() as conn:
        if state and state not in _STATES:
            raise BadQuestion(f"--state {state}: one of {', '.join(_STATES)}")
        found = asking.rows(conn, "sms", since=asking.moment(since), state=state or None, limit=limit)
        health = asking.rows(conn, "provider_health")
    if json:
        telling.as_json(found)
    else:
        telling.sms(found)
        telling.left_alone([one for one in health if one["enabled"] and one["state"] != "closed" and one["waiting"]])


@sms_app.command()
def retry(ids: _Ids) -> None:
    """Queue SMS again that failed, expired or whose fate is unknown: this time they may go."""
    with asking.answering() as conn:
        for one in ids:
            if not asking.change(conn, "retry", id=one):
                raise Nothing(f"there is no notification {one}")
            telling.say(f"notification {one} is queued: the sender tries it now")


@sms_app.command()
def cancel(ids: _Ids) -> None:
    """Take SMS out of the queue: they are not sent (they become `expired`, and can be tried again)."""
    with asking.answering() as conn:
        for one in ids:
            if asking.change(conn, "cancel", id=one):
                telling.say(f"notification {one} is cancelled")
                continue
            state = [row["state"] for row in asking.rows(conn, "sms_state", id=one)]
            if not state:
                raise Nothing(f"there is no notification {one}")
            why = (
                "a sender holds it, it may be on its way"
                if state == ["sending"]
                else "only queued ones can be cancelled"
            )
            raise Nothing(f"notification {one} is {state[0]}: {why}")


@sms_app.command("test")
def send_test(
    provider: Annotated[str, typer.Option(help="name or id of the sms_provider row")],
    to: Annotated[str, typer.Option(help="the number that gets the SMS, in any spelling")],
    text: Annotated[str, typer.Option(help="default: the text of a missed call, as it may be registered")] = "",
    json: _Json = False,
) -> None:
    """Send one real SMS (it costs what an SMS costs) and show what was said, secrets redacted."""
    with asking.answering() as conn:
        tried = trying.send(conn, provider, asking.number("--to", to), text, os.environ)
    if json:
        telling.as_json(tried)
    else:
        telling.say(tried.in_words())
    raise typer.Exit(0 if tried.fate == "accepted" else 1)


def main() -> None:
    """Find the stack of this machine's settings, then answer."""
    try:
        settings = load()
        note = running(settings.var_dir)
    except EdgeError as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(2)
    url = settings.database_url or (note["database_url"] if note else None)
    if url is not None:
        os.environ["DATABASE_URL"] = url
    os.environ["VAR_DIR"] = str(settings.var_dir)
    os.environ["SIP_LISTEN"], os.environ["RTPENGINE"] = settings.sip_listen, settings.rtpengine
    os.environ["SIP_TCP"] = settings.sip_tcp
    app(prog_name="extgroup")


if __name__ == "__main__":
    main()
