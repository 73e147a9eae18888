"""A call as data: who calls, what each side will say and do, and what must come of it."""

from dataclasses import dataclass, field
from typing import Final, Literal, TypeAlias

from tests.sip.message import Header
from tests.walk.bodies import NONE, Body

Side: TypeAlias = Literal["caller", "member"]
Outcome: TypeAlias = Literal[
    "answered", "answered twice", "answered as cancelled", "cancelled unheard", "cancelled ringing", "all refuse",
    "no answer", "answered too late", "answered unreadably", "turned away", "not SIP",
]  # fmt: skip
LEGS: Final = 4  # members of every group


@dataclass(frozen=True)
class Load:
    """What a message carries beyond what makes it a message."""

    headers: tuple[Header, ...] = ()
    body: Body = NONE
    kinds: tuple[str, ...] = ()


@dataclass(frozen=True)
class Reply:
    """A reply: `reason` is what its sender calls it."""

    code: int
    reason: str = ""
    load: Load = Load()
    reliable: bool = False  # RFC 3262: it waits for its PRACK


@dataclass(frozen=True)
class Face:
    """How a party shows himself in the fields that make a dialog."""

    contact: str
    routes: tuple[str, ...] = ()
    vias: tuple[str, ...] = ()
    via_list: bool = False  # all in one line


@dataclass(frozen=True)
class Act:
    """A request within the call, and its answer. `forgery`: what is wrong with it; it must not get through."""

    by: Side
    name: str
    method: str
    load: Load = Load()
    reply: Reply = Reply(200)
    copies: int = 1
    forgery: str = ""
    refused: int = 0  # code that the edge itself answers with


@dataclass(frozen=True)
class LegStory:
    """What one member does. `after` are seconds from his INVITE; no `final` is a telephone that just rings."""

    face: Face
    rings: tuple[tuple[float, Reply], ...]
    final: Reply | None
    final_after: float
    when_cancelled: Reply
    is_deaf: bool = False  # to CANCEL: he goes on to his final
    is_silent: bool = False  # no reply to anything
    says_trying: bool = True  # 100, at once
    words: tuple[str, ...] = ()
    tails: tuple[str, ...] = ()


@dataclass(frozen=True)
class Invite:
    """The caller's INVITE. `dialled` "" is the slot's hotline."""

    face: Face
    from_: str
    tag: str
    to_name: str
    to_parameters: str
    call_id: str
    load: Load
    dialled: str = ""
    method: str = "INVITE"
    max_forwards: int = 70
    reliable: bool = False
    withheld: bool = False
    copies: int = 1
    by_stranger: bool = False


@dataclass(frozen=True)
class Story:
    """A whole call. `refused`: the codes that may come where it must be turned away."""

    number: int
    outcome: Outcome
    invite: Invite
    legs: tuple[LegStory, ...]
    acts: tuple[Act, ...] = ()
    bye: Act | None = None
    cancel_after: float | None = None
    cancel: Load = Load()
    acks: Load = Load()
    refused: tuple[int, ...] = ()
    why: str = ""
    raw: bytes = b""
    words: tuple[str, ...] = ()
    tails: tuple[str, ...] = ()
    kinds: frozenset[str] = field(default=frozenset())
