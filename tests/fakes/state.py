"""What the fake Kamailio holds: messages in processing, transactions with their branches, and what was sent."""

from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

from tests.fakes.message import Header, Lumps, Message, UnparsableError

Address = tuple[str, int]
Route = Literal["request", "reply", "branch", "on_reply", "failure", "branch_failure"]
AvpValue = str | int


@dataclass
class Held:
    """A message in the hands of a script: what was received, and what the script has done to it so far."""

    message: Message
    source: Address
    new_uri: str | None = None
    dst_uri: str | None = None
    flags: int = 0
    branch_flags: int = 0
    force_rport: bool = False
    uri_is_new: bool = True  # False once a t_relay has used the R-URI (ruri_mark_consumed)
    targets: list["Target"] = field(default_factory=list)
    reply_headers: list[str] = field(default_factory=list)

    @property
    def uri(self) -> str:
        """The R-URI as it stands now."""
        return self.new_uri if self.new_uri is not None else self.message.parts[1].decode("utf-8")


@dataclass
class Target:
    """A branch that was appended and not yet relayed."""

    uri: str
    dst_uri: str | None
    branch_flags: int


@dataclass
class Branch:
    """One INVITE (or other request) that left: `sent` are its bytes on the wire."""

    index: int
    uri: str
    to: Address
    sent: bytes
    branch_flags: int
    on_reply: str | None
    on_failure: str | None
    on_branch_failure: str | None
    last_received: int = 0
    reply: Held | None = None
    faked: bool = False
    canceled: bool = False
    cancel_sent: bool = False
    timed_out: bool = False
    replied: bool = False

    @cached_property
    def message(self) -> Message:
        """The request as the next hop reads it."""
        return Message(self.sent)


@dataclass
class Transaction:
    """A server transaction of tm with its branches. `status` is the last code sent upstream, 0 = none."""

    id: int
    held: Held
    avps: dict[str, AvpValue]
    flags: int
    lumps: Lumps = field(default_factory=Lumps)
    branches: list[Branch] = field(default_factory=list)
    on_branch: str | None = None
    on_reply: str | None = None
    on_failure: str | None = None
    on_branch_failure: str | None = None
    status: int = 0
    to_tag: str = ""
    last_reply: bytes = b""
    canceled: bool = False
    cancel_reason: bytes = b""
    seen_6xx: bool = False
    disable_6xx: bool = False
    no_e2e_cancel_reason: bool = False
    auto_100: bool = True
    internal_reply: bool = True
    released: bool = False
    delayed_error: int = 0
    first_uri: str | None = None  # the R-URI as tm keeps it: what t_newtran found
    timers: dict[str, tuple[int, ...]] = field(default_factory=dict)

    @property
    def method(self) -> str:
        """The method of the request."""
        return self.held.message.method

    @property
    def pending(self) -> list[Branch]:
        """Branches without a final answer."""
        return [branch for branch in self.branches if branch.last_received < 200]


@dataclass
class Context:
    """Where the script runs now."""

    route: Route
    held: Held
    transaction: Transaction | None
    avps: dict[str, AvpValue]
    branch: int = -1
    dropped: bool = False
    holds_transaction: bool = False  # t_check_trans found it for a reply; only tm lets it go again
    iterators: set[str] = field(default_factory=set)


@dataclass
class Iterator:
    """One header iterator; the real one keeps four of them per process."""

    index: int = -1
    at_end: bool = False
    header: Header | None = None


@dataclass(frozen=True)
class Sent:
    """One message that went on the wire, to `to`. `what`: request, branch, cancel, ack, reply, stateless_reply."""

    to: Address
    data: bytes
    what: str
    transaction: int | None = None
    branch: int | None = None

    @cached_property
    def message(self) -> Message:
        """The message as its receiver reads it."""
        return Message(self.data)

    @property
    def status(self) -> int:
        """The status code, 0 for a request."""
        return int(self.data.split(b" ", 2)[1]) if self.data.startswith(b"SIP/2.0 ") else 0

    @property
    def is_readable(self) -> bool:
        """Whether its receiver can read it: every header that RFC 3261 §8.1.1 asks for is there."""
        try:
            return bool(self.message)
        except UnparsableError:
            return False


@dataclass(frozen=True)
class Call:
    """One call of KSR by the code under test."""

    number: int
    route: str
    name: str
    args: tuple[object, ...]
