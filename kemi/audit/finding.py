"""What the auditor reports. Nothing in it spells a whole telephone number: reports are mailed, pasted and logged."""

import re
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

Side: TypeAlias = Literal["caller", "member"]

# An address is no number, though it has as many digits; whatever else has seven digits may be one.
_NUMBERS: Final = re.compile(r"(?P<address>\d{1,3}(?:\.\d{1,3}){3}(?::\d{1,5})?)|\+?\d(?:[ .()/_-]{0,2}\d){6,}")


@dataclass(frozen=True)
class Finding:
    """One secret in one message. `how` says in which reading of the bytes it stood, `to` which side got it.

    `offset` is the byte of the message at which it begins, or at which the run begins that was decoded.
    """

    leg: str
    message: str
    header: str
    offset: int
    what: str
    how: str
    to: Side

    def __str__(self) -> str:
        return f"{self.what} in {self.header} of {self.message!r} at byte {self.offset} ({self.how}); leg {self.leg}"


def redacted(text: str) -> str:
    """Return `text` with every telephone number shortened to its last three digits."""
    return _NUMBERS.sub(lambda found: found["address"] or ending(found[0]), text)


def ending(number: str) -> str:
    """Return the redacted form of one number."""
    return f"…{''.join(each for each in number if each.isdigit())[-3:]}"
