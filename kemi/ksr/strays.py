"""A member's 2xx that does not go to the caller: acknowledged and hung up (kemi/decisions/0013, 0022).

Who has a call is known in shared memory, so that a second 2xx is found before tm has it, which would pass it on:

    answered  the From tag that a call's legs share, and nobody else has → the call's id, the Call-ID of the leg that
              won; without the latter: nobody can win any more
"""

from typing import Final

import KSR

from kemi.domain import addresses
from kemi.domain.events import AnsweredElsewhere
from kemi.exchange import Taken
from kemi.ksr import log, request, signalling
from kemi.ports import EventSink
from kemi.stray import farewell
from kemi.tokens import Keyring, leg_of

_ANSWERED: Final = "answered"
_get = KSR.htable.sht_get


class Strays:
    """Finds them and ends them. Where shared memory is full, a second 2xx is found only when tm has it already."""

    def __init__(self, sink: EventSink, keyring: Keyring, host: str) -> None:
        """`host`: what the edge calls itself in its messages."""
        self._sink = sink
        self._keys = keyring
        self._host = host

    def won(self, call: str, taken: Taken) -> None:
        """The leg whose 2xx was `taken` has the call; to be called under the transaction's reply lock."""
        KSR.htable.sht_sets(_ANSWERED, addresses.tag(taken.from_), f"{call} {taken.call_id}")

    def nobody_can_win(self, call: str, caller_tag: str) -> None:
        """The caller, whose own tag it is, has a final answer of ours."""
        KSR.htable.sht_sets(_ANSWERED, self._keys.caller_tag(bytes.fromhex(call), caller_tag), f"{call} ")

    def is_late(self, taken: Taken) -> bool:
        """Say whether another leg has the call of this INVITE's 2xx, or nobody can have it; if so, hang it up."""
        held = _get(_ANSWERED, addresses.tag(taken.from_))
        if held is None:
            return False
        call, _, winner = held.partition(" ")
        if winner == taken.call_id:
            return False
        if winner and self._keys.is_leg_call_id(taken.call_id):
            self._sink.put(AnsweredElsewhere(call, *leg_of(taken.call_id[-2:])))
        self.hang_up("INVITE")
        return True

    def has_lost(self, to: str, call_id: str) -> bool | None:
        """Say whether a member's request, in a leg's own dialog, is of one that has not got the call.

        None: the answer is longer ago than a minute, or Kamailio has been restarted since.
        """
        held = _get(_ANSWERED, addresses.tag(to))
        return None if held is None else held.partition(" ")[2] != call_id

    def hang_up(self, method: str) -> None:
        """End the call of the 2xx at hand, which nobody gets."""
        if method != "INVITE":
            return
        source = request.source()
        last = farewell(request.raw(), source, self._host, self._keys.is_leg_call_id)
        if last is not None:
            signalling.datagram(last.hop, last.ack)
            signalling.bye(last.hop, last.target, last.headers)
            log.hung_up(source.ip)
