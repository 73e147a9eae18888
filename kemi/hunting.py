"""What a hunting call (`kemi.domain.hunt`) says on the wire beside its legs: its clock, the end of one leg. Pure."""

from typing import Final, NamedTuple

from kemi.domain.hunt import Attempt
from kemi.tokens import Keyring

CLOCK_ID: Final = "clock-"
CLOCK_FROM: Final = "<sip:clock@localhost>;tag=c"
_LONGEST_MS: Final = 600_000


class Caused(NamedTuple):
    """What tm's CANCEL of a leg would say, where we write it: From, To and CSeq number are the INVITE's."""

    from_: str
    to: str
    cseq: int


def clock_uri(keys: Keyring, call: str, ms: int, host: str) -> str:
    """Return where an INVITE goes that is to be refused after `ms`: to the edge itself, at `host`."""
    return f"sip:{CLOCK_ID}{ms}-{call}-{keys.clock_mark(call, ms)}@{host}"


def clock_headers(call: str) -> str:
    """Return the headers of that INVITE: nothing of the caller."""
    return f"Call-ID: {CLOCK_ID}{call}\r\nFrom: {CLOCK_FROM}\r\n"


def sleep_of(keys: Keyring, user: str) -> int:
    """Return after how many ms the INVITE to this R-URI user is to be refused; 0: it is no clock of ours."""
    if not user.startswith(CLOCK_ID):
        return 0
    ms, _, rest = user[len(CLOCK_ID) :].partition("-")
    call, _, mark = rest.partition("-")
    if not ms.isascii() or not ms.isdigit() or not 0 < int(ms) <= _LONGEST_MS or not mark:
        return 0
    return int(ms) if keys.clock_mark(call, int(ms)) == mark else 0


def cancel(uri: str, via: str, call_id: str, caused: Caused) -> str:
    """Return a CANCEL of the INVITE to `uri` that left with this Via (RFC 3261 §9.1), as tm would write it."""
    return (
        f"CANCEL {uri} SIP/2.0\r\nVia: {via}\r\nFrom: {caused.from_}\r\nTo: {caused.to}\r\nCall-ID: {call_id}\r\n"
        f"CSeq: {caused.cseq} CANCEL\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n"
    )


def sent_via(via: str) -> str:
    """Return our Via of a reply as it was sent: without what its receiver has written into it, or behind it."""
    parts = "".join(via.split(",")[:1]).split(";")
    own = (part for part in parts if not part.strip().lower().startswith(("received", "rport")))
    return " ".join(";".join(own).split())  # one line: it is kept among others


def from_of(block: str) -> str:
    """Return the value of From in a gateway's headers, which it begins."""
    return block.partition("\r\n")[0].partition(": ")[2]


def remember(vias: str, one: tuple[int, int], via: str) -> str:
    """Return the Vias known so far with that of `one` (leg, attempt) among them."""
    return f"{vias}{one[0]}.{one[1]} {sent_via(via)}\n"


def via_of(vias: str, one: Attempt) -> str:
    """Return the Via of an attempt, "" where it has not said anything yet."""
    wanted = f"{one.leg}.{one.attempt} "
    return next((line[len(wanted) :] for line in vias.splitlines() if line.startswith(wanted)), "")
