"""Callers and telephones that act by themselves, and repeat what was not answered, as real ones do.

Nothing here waits for the edge: it may be dead. What the parties do next follows from what has come, on timers.
"""

import time
from collections.abc import Callable, Sequence
from typing import Final

from tests.kill.stories import Story, Ways
from tests.sip import Call, Carrier, Customer, Recording
from tests.sip.carrier import Leg
from tests.sip.dialog import ClientTransaction, ServerTransaction
from tests.sip.message import Address, Header, Message, build, user_of
from tests.sip.ua import UserAgent

T1: Final = 0.2  # seconds; RFC 3261 §17.1.1.1 lets it be smaller on a network this near
T2: Final = 0.8
_LOOK: Final = 0.02  # seconds between two looks at how a call stands


class Patient(UserAgent):
    """A user agent that repeats its requests until they are answered (RFC 3261 §17.1.1.2, §17.1.2.2)."""

    sent: list[ClientTransaction]

    def transact(
        self, request: Message, to: Address, on_success: Callable[[Message], None] | None = None
    ) -> ClientTransaction:
        with self.changed:
            tx = super().transact(request, to, on_success)
            self.sent.append(tx)
            self.later(T1, self._repetition(tx))
            return tx

    def _repetition(self, tx: ClientTransaction) -> Callable[[], float | None]:
        waits = T1

        def repeat() -> float | None:
            nonlocal waits
            if tx.final is not None or (tx.replies and tx.request.method == "INVITE"):
                return None
            self.send(tx.request, tx.to)
            waits = min(2 * waits, T2)
            return waits

        return repeat

    @property
    def waiting_for(self) -> list[str]:
        """Return the requests of ours inside a call, and CANCELs, that have no final answer yet."""
        with self.changed:
            requests = [tx.request for tx in self.sent if tx.final is None]
        return [f"{one.method} of {one.call_id}" for one in requests if one.method != "INVITE"]


class Telephones(Patient, Carrier):
    """The carrier with all members behind it, each with its ways."""

    def __init__(self, host: str, port: int, recording: Recording, ways: dict[str, Ways]) -> None:
        self.sent = []
        self.ways = ways
        super().__init__(host, port, recording)
        for number, one in ways.items():
            self.member(number).ignores_cancel = one.picks_up_when_cancelled

    def on_new(self, tx: ServerTransaction) -> None:
        super().on_new(tx)
        if tx.request.method == "INVITE":
            number = user_of(tx.request.uri)
            for leg in self.member(number).legs:
                if leg.tx is tx:
                    self._behave(leg, self.ways[number])

    def on_cancel(self, invite: ServerTransaction, cancel: Message) -> None:
        super().on_cancel(invite, cancel)
        for leg in self.member(user_of(invite.request.uri)).legs:
            if leg.tx is invite and not leg.is_final:
                leg.replies(200, None, (), leg.describes())

    def leg_with(self, tag: str) -> Leg | None:
        """Return the leg that answered with this tag."""
        with self.changed:
            every = [leg for member in self.members.values() for leg in member.legs]
            return next((leg for leg in every if leg.local_tag == tag), None)

    def _behave(self, leg: Leg, ways: Ways) -> None:
        def reply(code: int) -> Callable[[], None]:
            body = leg.describes() if code == 200 else b""
            return lambda: None if leg.is_final else leg.replies(code, None, (), body)

        self.later(ways.rings_after, reply(ways.code))
        if ways.final:
            self.later(ways.final_after, reply(ways.final))


class Caller:
    """One customer: his story, and his call as it stands."""

    def __init__(self, callers: "Callers", story: Story) -> None:
        self.callers, self.story = callers, story
        self.call: Call | None = None
        self._since: float | None = None
        self._done = False

    def acts(self) -> float | None:
        """Place the call, or go on with it; return the seconds to the next time."""
        return self.goes_on() if self.call else self.dials()

    def dials(self) -> float | None:
        """Place the call."""
        who = "anonymous" if self.story.withheld else self.story.caller
        host = "anonymous.invalid" if self.story.withheld else self.callers.address[0]
        privacy: list[Header] = [("Privacy", "id"), ("P-Asserted-Identity", f"<sip:{self.story.caller}@{host}>")]
        self.call = self.callers.calls(
            self.story.hotline, from_value=f"<sip:{who}@{host}>", extra_headers=privacy if self.story.withheld else ()
        )
        return self.goes_on()

    @property
    def is_finished(self) -> bool:
        """He has been heard, and has nothing left to do."""
        if self.call is None or not self.call.tx.replies:
            return False
        is_answered = self.call.tx.final is not None and self.call.tx.final.status < 300
        return self._done or not (is_answered or self.story.gives_up_after)

    def goes_on(self) -> float | None:
        """Do what the story says for the moment, once; return the seconds to the next look, None when all is done."""
        assert self.call is not None
        if self._done:
            return None
        self._since = self._since or (self.callers.now() if self.call.tx.replies else None)
        if self._since is None:
            return _LOOK
        if self.call.tx.final is None:
            wait = self.story.gives_up_after
            if wait is not None and self.callers.now() - self._since > wait:
                self._done = True
                self.callers.transact(self._cancel(self.call), self.callers.edge)
        else:
            self._done = self.call.tx.final.status >= 300 or self._hangs_up(self.call)
        return _LOOK

    def _hangs_up(self, call: Call) -> bool:
        """Send BYE, from whichever side the story says, when it is time; say whether it was."""
        if self.story.talks is None and not self.callers.is_closing_time:
            return False
        answered = self.callers.answered.setdefault(call.call_id, self.callers.now())
        if self.story.talks is not None and self.callers.now() - answered < self.story.talks:
            return False
        leg = self.callers.telephones.leg_with(call.remote_tag) if self.story.bye_by == "member" else None
        (leg or call).sends("BYE")
        return True

    @staticmethod
    def _cancel(call: Call) -> Message:
        same: list[Header] = [(name, call.invite.get(name)) for name in ("Via", "From", "To", "Call-ID")]
        number = call.invite.cseq.split()[0]
        return build(f"CANCEL {call.invite.uri} SIP/2.0", [*same, ("CSeq", f"{number} CANCEL"), ("Max-Forwards", "70")])


class Callers(Patient, Customer):
    """The trunk with all callers behind it; each acts by himself once `start` was called."""

    def __init__(self, edge: Address, host: str, recording: Recording, telephones: Telephones) -> None:
        self.sent = []
        self.telephones = telephones
        self.answered: dict[str, float] = {}  # Call-ID → when the caller knew of it
        self.is_closing_time = False
        self.everyone: list[Caller] = []
        super().__init__(edge, host=host, recording=recording)

    def start(self, stories: Sequence[Story]) -> None:
        """Let everybody dial when his story says."""
        self.everyone = [Caller(self, story) for story in stories]
        for caller in self.everyone:
            self.later(caller.story.starts_after, caller.acts)

    def now(self) -> float:
        """Seconds on the clock that the parties go by."""
        return time.monotonic()

    @property
    def ringing(self) -> int:
        """How many calls have rung for their callers so far."""
        with self.changed:
            return sum(180 in call.saw for call in self._calls)

    @property
    def talking(self) -> int:
        """How many calls have been answered for their callers so far."""
        with self.changed:
            return len(self.answered)

    @property
    def unfinished(self) -> str:
        """Return what a party still waits for or has yet to do, in words; "" for nothing.

        Whose INVITE the edge has taken (100) is finished for himself: the final may have died with it.
        """
        with self.changed:
            told = [one for one in self.everyone if one.is_finished]
            left = [f"{one.story.name!r} goes on" for one in self.everyone if one not in told]
        return ", ".join(left or self.waiting_for or self.telephones.waiting_for)

    def unheard(self, ended: set[str]) -> str:
        """Return which of these calls, whose final is on its way, their callers have not heard of yet, in words."""
        with self.changed:
            return ", ".join(
                f"the final of {one.call_id}" for one in self._calls if not one.tx.final if one.call_id in ended
            )

    @property
    def _calls(self) -> list[Call]:
        return [caller.call for caller in self.everyone if caller.call is not None]
