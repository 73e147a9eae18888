"""A call ladder: one column per party, time downwards, an arrow per message."""

from rich.table import Table
from rich.text import Text

from deploy.demo.wire import CUSTOMER, Message

_LABEL = 11  # characters on an arrow: "180 Ringing"
_SAME_MOMENT = 0.1  # seconds within which equal messages to several members share a line


class _Line:
    """One line: equal messages of one moment, in several columns."""

    def __init__(self, message: Message) -> None:
        self.first = message
        self.cells = {message.party: _arrow(message)}

    def takes(self, message: Message) -> bool:
        """Say whether `message` is one more of the same."""
        first = self.first
        return (message.label, message.inward, message.identity) == (first.label, first.inward, first.identity) and (
            message.at - first.at < _SAME_MOMENT and message.party not in self.cells
        )


def ladder(messages: list[Message], members: list[str]) -> Table:
    """Return the ladder of one call; `members` are the columns behind the edge, in order."""
    table = Table(title_justify="left", header_style="bold", box=None, padding=(0, 1, 0, 0))
    table.add_column("s", justify="right", style="dim")
    table.add_column("customer\n⇄ edge", min_width=14, no_wrap=True)
    for member in members:
        table.add_column(f"edge ⇄\n{member}", min_width=14, no_wrap=True)
    table.add_column("From → To,\nas the receiver reads it", style="cyan", no_wrap=True)
    for line in _lines(messages):
        cells = [line.cells.get(party, Text("")) for party in (CUSTOMER, *members)]
        table.add_row(f"{line.first.at - messages[0].at:.3f}", *cells, line.first.identity)
    return table


def _lines(messages: list[Message]) -> list[_Line]:
    lines: list[_Line] = []
    latest: dict[str, int] = {}  # the last line of each column: a column is never out of order
    for message in messages:
        open_from = latest.get(message.party, -1) + 1
        index = next((i for i in range(open_from, len(lines)) if lines[i].takes(message)), None)
        if index is None or message.party == CUSTOMER:
            lines.append(_Line(message))
            index = len(lines) - 1
        else:
            lines[index].cells[message.party] = _arrow(message)
        latest[message.party] = index
    return lines


def _arrow(message: Message) -> Text:
    """Return the arrow of a message: the edge stands left of the members and right of the customer."""
    rightwards = message.inward == (message.party == CUSTOMER)
    name = message.label if len(message.label) <= _LABEL else message.label.partition(" ")[0]
    return Text(f"─{name}─▶" if rightwards else f"◀─{name}─", style="green" if rightwards else "yellow")
