"""What ends a call that has lasted long enough: a BYE to each side, through the edge, by the tokens the sides hold.

The worker that relays the answer notes both tokens (`kemi.domain.events.Timed`). Whoever has the key and that event can
write both BYEs later, after any restart. Each looks as if the other side had hung up: its Call-ID and tags are those
of the dialog, or the edge would not honour it (`kemi.dialog`).
"""

from typing import Final, NamedTuple

from kemi.domain.events import Timed
from kemi.errors import TokenRefused
from kemi.exchange import is_own_route, own_route
from kemi.kinds import ToCaller, ToMember
from kemi.tokens import Keyring

# Higher than any that the side has used (RFC 3261 §12.2.2: a lower one is refused), and below 2^31 (§8.1.1.5).
_CSEQ: Final = 2**31 - 1 - 64
TRIES: Final = 60


class Bye(NamedTuple):
    """A BYE for one side, but for the sender's Via: everything behind that line."""

    uri: str
    rest: str

    def text(self, via: str) -> str:
        """Return the message; `via`: the sender's."""
        return f"BYE {self.uri} SIP/2.0\r\nVia: {via}\r\n{self.rest}"


def shown(block: str, host: str) -> str:
    """Return the token that a block of headers shows in its Contact; where one was parted, its rest behind a space."""
    user = block.partition("Contact: <sip:")[2].partition("@")[0]
    route = block.partition("\r\nRecord-Route: ")[2].partition("\r\n")[0]
    return f"{user} {route.partition('sip:')[2].partition('@')[0]}" if is_own_route(route, host) else user


def byes(timed: Timed, keyring: Keyring, host: str, tried: int) -> tuple[Bye, Bye]:
    """Return the BYE to the caller and the one to the member; `tried`: how often they were sent before.

    Raises `TokenRefused` where the key is gone, or the event's tokens are none.
    """
    to_caller, near = timed.to_caller.split(" ")[0], timed.to_caller.partition(" ")[2]
    to_member, far = timed.to_member.split(" ")[0], timed.to_member.partition(" ")[2]
    caller, key = keyring.open_whole(to_caller, lambda: near)
    member, _ = keyring.open_whole(to_member, lambda: far)
    if not isinstance(caller, ToCaller) or not isinstance(member, ToMember):
        raise TokenRefused("a token of the wrong kind")
    masked = keyring.caller_tag(caller.call, caller.tag, key)
    leg_call_id = keyring.leg_call_id(caller.call, member.leg, key)
    cseq = _CSEQ + tried % TRIES
    return (
        _bye(to_caller, near, host, timed.member_tag, masked, leg_call_id, cseq),
        _bye(to_member, far, host, caller.tag, timed.member_tag, caller.call_id, cseq),
    )


def _bye(user: str, rest: str, host: str, from_tag: str, to_tag: str, call_id: str, cseq: int) -> Bye:
    lines = [
        f"From: <sip:{host}>;tag={from_tag}", f"To: <sip:{host}>;tag={to_tag}", f"Call-ID: {call_id}",
        f"CSeq: {cseq} BYE", "Max-Forwards: 70", "Content-Length: 0",
    ]  # fmt: skip
    if rest:
        lines.append(f"Route: {own_route(rest, host)}")
    return Bye(f"sip:{user}@{host}", "\r\n".join(lines) + "\r\n\r\n")
