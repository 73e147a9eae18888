"""One call told from the outside: the wire, the SMS, the ledger, and whether they are as promised."""

from psycopg2.extensions import connection
from rich.console import Console

from deploy import show
from deploy.demo.ladder import ladder
from deploy.demo.promises import Promise, Seen, promises
from deploy.demo.sms_sink import SmsSink
from deploy.demo.stage import Stage, play
from deploy.demo.stories import MEMBERS, Story
from deploy.wait import until

_SETTLE_SECONDS = 15.0


def observe(story: Story, stage: Stage, sink: SmsSink, conn: connection) -> Seen:
    """Play a call and gather what capture, ledger and sink know of it. Raises `CaptureError`."""
    before = len(sink.messages())
    messages, missed = play(story, stage)
    sip_call_id = messages[0].headers["call-id"]
    settled = until(lambda: show.is_settled(conn, sip_call_id), _SETTLE_SECONDS)
    call = show.call_of(conn, sip_call_id)
    ledger = {name: show.select(conn, name, call=call) for name in show.SHOWN} if call else {}
    late = "" if settled else f"the ledger has not settled after {_SETTLE_SECONDS:.0f} s"
    return Seen(messages, ledger, sink.messages()[before:], [trouble for trouble in (missed, late) if trouble])


def tell(console: Console, story: Story, seen: Seen) -> list[Promise]:
    """Show what was seen of a call, and return its promises."""
    console.print(ladder(seen.messages, [*MEMBERS]), "")
    console.print("SMS, as the sink received them", style="bold")
    for one in seen.sms:
        console.print(f"  to {one['to']}: {one['text']}", markup=False, soft_wrap=True)
    console.print("")
    for name, rows in seen.ledger.items():
        console.print(show.table(name, rows))
    verdicts = list(promises(story, seen))
    for verdict in verdicts:
        mark, style = ("✓", "green") if verdict.kept else ("✗", "bold red")
        console.print(f"  {mark} {verdict.text}", style=style, markup=False)
    return verdicts
