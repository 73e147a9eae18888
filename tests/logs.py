"""The logs of all parts of an edge, read as its operator would have to: errors, tracebacks, people's numbers."""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Final

from kemi.audit.book import Book, book
from kemi.audit.finding import redacted
from kemi.audit.packet import Sides
from kemi.audit.parties import Cast
from kemi.audit.pieces import Piece
from tests.edge import HOTLINE, Edge
from tests.sip.message import parse, user_of
from tests.sip.wire import Packet

_TRACEBACK: Final = re.compile(r'Traceback|^\s*File "[^"]+", line \d+, in |\bfailed in=|\bfailed error=')
# What our own Python parts log as errors: they name no level.
_OWN: Final = re.compile(
    r"\balarm=|driver failed|asking failed|cannot be (?:written down|recorded)|held for a person|sender was lost"
)
_ERRORS: Final = {
    "kamailio": re.compile(r" (?:ERROR|CRITICAL|ALERT|EMERG|BUG): |\balarm="),
    "postgres": re.compile(r" (?:ERROR|FATAL|PANIC): "),
    "rtpengine": re.compile(r"\] (?:ERR|CRIT|ALERT|EMERG)[A-Z]*: "),
}
# What the killed say, and are told by those that they leave.
KILLED: Final = {
    "kamailio": ("handle_sigs(): c", "receive_fd(): EOF", "jsonrpc_dgram_send_data"),
    "postgres": ("unexpected postmaster exit", "the database system is", "administrator command"),
}
# What Kamailio says of messages that it cannot read: for tests that send some.
UNREADABLE: Final = (
    "parse",
    "Parse",
    "parsing",
    "headers not found",
    "no valid From",
    "new_t failed",
    "reply stateful",
)
_NUMBER: Final = re.compile(r"\+?\d{9,12}")
_PUBLIC: Final = frozenset({HOTLINE, f"+84{HOTLINE[1:]}"})


class Logs:
    """The logs from now on. A part that is killed on purpose may say so; one that dies by itself is a fault."""

    def __init__(self, edge: Edge) -> None:
        self._edge, self._told = edge, len(edge.told)
        self._pids = {part: edge.stack.pid(part) for part in KILLED}
        self._folder = edge.stack.settings.var_dir / "log"
        self._at = {path.name: path.stat().st_size for path in self._folder.glob("*.log")}

    def said(self) -> dict[str, str]:
        """What each part has logged since."""
        return {path.stem: self._since(path.name) for path in sorted(self._folder.glob("*.log"))}

    def _since(self, name: str) -> str:
        with (self._folder / name).open("rb") as file:
            file.seek(self._at.get(name, 0))
            return file.read().decode("utf-8", "replace")

    def faults(self, numbers: Collection[str], excused: Mapping[str, Collection[str]]) -> list[str]:
        """Return what no log may have: `numbers`, tracebacks, errors (but lines with words that excuse their part)."""
        made, died = numbers_of(numbers), self._edge.told[self._told :]
        found = [f"by itself: {each}" for each in died]
        for part, text in self.said().items():
            killed = not died and part in KILLED and self._edge.stack.pid(part) != self._pids[part]
            meant = [*excused.get(part, ()), *(KILLED[part] if killed else ())]
            found += [f"the log of {part} has {each}" for each in dict.fromkeys(faults(part, text, made, meant))]
        return found


def faults(part: str, text: str, secrets: Book, excused: Collection[str]) -> Iterator[str]:
    """Yield what is wrong with the log of one part."""
    for line in text.splitlines():
        for found in secrets.places(Piece(0, "log", line.encode())):
            yield f"the number …{found.word[-3:].decode()} ({found.how}): {redacted(line)[:200]}"
        if _TRACEBACK.search(line):
            yield f"a traceback: {redacted(line)[:200]}"
        elif (error := _ERRORS.get(part, _OWN).search(line)) and not any(words in line for words in excused):
            yield f"an error: {redacted(line[error.start() :])[:300]}"  # without the time: it is told once


def numbers_of(numbers: Iterable[str]) -> Book:
    """Return the auditor's book of these numbers, in all the forms that it knows."""
    sides = Sides(public=_PUBLIC, caller_numbers=frozenset(numbers) - _PUBLIC)
    return book(Cast([]), sides)


def said_on_the_wire(packets: Iterable[Packet], callers: Collection[str]) -> set[str]:
    """Return the numbers that callers say they have: From, P-Asserted-Identity."""
    found = set()
    for packet in packets:
        if packet.src[0] not in callers:
            continue
        try:
            message = parse(packet.raw)
        except ValueError:
            continue
        for value in (*message.all("from"), *message.all("p-asserted-identity")) if not message.status else ():
            number = user_of(value.partition("<")[2].partition(">")[0])
            found |= {number} if _NUMBER.fullmatch(number) else set()
    return found
