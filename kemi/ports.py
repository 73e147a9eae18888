"""What the core asks of the world; the adapters (`kemi.ksr`, `kemi.table`, `kemi.spool`) answer."""

from collections.abc import Collection
from typing import Protocol

from kemi.domain.events import Event
from kemi.domain.media import Change
from kemi.domain.model import Gateway, Group, Hotline, Plan, Tenant, TrunkAddress


class RoutingTable(Protocol):
    """The compiled configuration, read by a SIP worker. Each read is a few µs and never blocks.

    Every method returns None where there is no such record, and raises `kemi.errors.TableUnavailable`
    where the table cannot be read at all.
    """

    def look(self) -> None:
        """See the newest state: once a message; what is read until the next look may be what this one saw."""

    def trunk_address(self, ip: str) -> TrunkAddress | None: ...

    def hotline(self, number: str) -> Hotline | None: ...

    def group(self, group_id: int) -> Group | None: ...

    def tenant(self, tenant_id: int) -> Tenant | None: ...

    def plan(self, plan_id: int) -> Plan | None: ...

    def gateway(self, gateway_id: int) -> Gateway | None: ...


class Media(Protocol):
    """The rtpengines (`kemi.media.rtpengine`). A question keeps a worker for about 0.2 ms, never beyond a limit."""

    def place(self, call: bytes, sdp: str, profiles: Collection[int]) -> tuple[int, dict[int, str]]:
        """Begin a session for the caller's offer; return its node, the SDP for legs by profile. Raises `NoMedia`."""

    def change(self, node: int, call: bytes, change: Change, sdp: str) -> str:
        """Take an offer or an answer through; return the SDP for the other side. Raises `NoMedia`."""

    def note(self, node: int, call: bytes, tag: str, sdp: str) -> None:
        """Remember, with the session, what a side asked for and was granted. Never raises."""

    def noted(self, node: int, call: bytes) -> dict[str, str] | None:
        """Return what each side has said that stands, by its tag, "" for more than is kept. Never raises.

        None: there is no session, or its rtpengine is silent.
        """

    def play(self, node: int, call: bytes, file: str, *, once: bool) -> None:
        """Let the caller hear a sound file, and nothing else, once or again and again. Raises `NoMedia`."""

    def hush(self, node: int, call: bytes) -> None:
        """Stop what `play` began. Never raises."""

    def record(self, node: int, call: bytes, note: str) -> None:
        """Record from now on, with a note for whoever reads it. Never waits, never raises."""

    def delete(self, node: int, call: bytes) -> None:
        """End a session, if there is one. Never waits, never raises."""


class EventSink(Protocol):
    """Where a worker puts what happened. Returns when the event survives a kill -9 of the process.

    Never raises for a full or failing disk: calls go on, the sink raises its own alarm (a log line).
    """

    def put(self, event: Event) -> None: ...
