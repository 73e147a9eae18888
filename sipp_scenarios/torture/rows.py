"""`messages.yml` and the bytes beside it, read and checked."""

import re
from functools import cache
from pathlib import Path
from typing import Final, Literal, Self

import yaml
from pydantic import BaseModel, ConfigDict, model_validator

from kemi.domain.addresses import Hop

ROOM: Final = Path(__file__).resolve().parent
NAME: Final = "torture"
_URI: Final = re.compile(rb"sip:[^>?;\s]*")


class Row(BaseModel):
    """A message: what RFC 4475 asks of whom gets it, and what the edge answers (None: nothing).

    `codes` are the answers that fit what is `asked` (none: silence does); `why` is there where ours is another.
    `called` is the answer when the hotline is called with it, 486 being what its members say; `replied`: what a reply
    does when it is a member's.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    section: str
    what: str
    asked: str
    codes: list[int]
    answer: int | None
    called: int | None = None
    replied: Literal["answers", "is nothing"] | None = None
    why: str | None = None

    @model_validator(mode="after")
    def _says_why(self) -> Self:
        fits = self.answer in self.codes if self.codes else self.answer is None
        if fits == (self.why is not None):
            raise ValueError(f"{self.name}: `why` must be there if and only if the answer is not one that is asked")
        return self

    @property
    def raw(self) -> bytes:
        """The message, byte for byte."""
        return (ROOM / "messages" / f"{self.name}.dat").read_bytes()

    def calling(self, hotline: str, edge: Hop) -> bytes:
        """Return the INVITE with nothing changed but the address in its Request-URI: the hotline's."""
        start, line_end, rest = self.raw.partition(b"\r\n")
        there = f"sip:{hotline}@{edge.ip}:{edge.port}".encode()
        return _URI.sub(there, start, count=1) + line_end + rest


@cache
def rows() -> list[Row]:
    """Every row, in the RFC's order. Raises `pydantic.ValidationError`, `ValueError`."""
    found = [Row(**each) for each in yaml.safe_load((ROOM / "messages.yml").read_text())]
    written = {path.stem for path in (ROOM / "messages").glob("*.dat")}
    if {row.name for row in found} != written or len(found) != len(written):
        raise ValueError("messages.yml and messages/ do not name the same messages")
    return found
