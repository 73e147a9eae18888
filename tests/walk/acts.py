"""What the two sides of a running call do to each other: requests that must pass, some that must not, and forgeries."""

from collections.abc import Callable
from itertools import count
from random import Random
from typing import Final

from tests.sip.message import REASONS, Header
from tests.walk import bodies, faces
from tests.walk.story import Act, Load, Reply, Side
from tests.walk.words import Words

FORGERIES: Final = (
    "a stranger's", "another Call-ID", "another tag", "tampered", "cut short", "without a To tag",
    "from the wrong side",
)  # fmt: skip
_REFUSED_HERE: Final = ("MESSAGE", "REFER", "NOTIFY", "SUBSCRIBE", "PUBLISH")


class Talk:
    """Makes the acts of one call; the versions of each side's SDP grow."""

    def __init__(self, caller: Words, member: Words) -> None:
        self._words: dict[Side, Words] = {"caller": caller, "member": member}
        self._dice = caller.dice
        self._versions = count(5)
        self._makers: tuple[Callable[[Side], list[Act]], ...] = (
            self._hold, self._hold, self._update, self._fax, self._info, self._options, self._not_served,
            self._timer, self._rejected, self._forged, self._forged,
        )  # fmt: skip

    def acts(self, most: int) -> tuple[Act, ...]:
        """Return up to about `most` acts in order."""
        made: list[Act] = []
        for _ in range(self._dice.randrange(most + 1)):
            made += self._dice.choice(self._makers)(self._dice.choice(("caller", "member")))
        return tuple(made)

    def bye(self) -> Act:
        """Return the end of the call."""
        by: Side = self._dice.choice(("caller", "member"))
        return self._act(by, "BYE", "BYE", copies=_copies(self._dice))

    def _act(
        self, by: Side, name: str, method: str, *, body: bodies.Body = bodies.NONE, answer: bodies.Body = bodies.NONE,
        code: int = 200, extra: tuple[Header, ...] = (), back: tuple[Header, ...] = (), copies: int = 1,
        forgery: str = "", refused: int = 0,
    ) -> Act:  # fmt: skip
        said = faces.load(self._words[by], in_request=True, body=body, most=4)
        other = self._words["member" if by == "caller" else "caller"]
        heard = faces.load(other, in_request=False, body=answer, most=4)
        reply = Reply(code, reason(other, code), Load((*back, *heard.headers), heard.body, heard.kinds))
        load = Load((*extra, *said.headers), said.body, said.kinds)
        return Act(by, name, method, load, reply, copies, forgery, refused)

    def _sdp(self, side: Side, mode: str = "sendrecv") -> bodies.Body:
        made = bodies.sdp(self._words[side], next(self._versions), mode)
        return bodies.multipart(self._words[side], made) if self._dice.random() < 0.15 else made

    def _other(self, side: Side) -> Side:
        return "member" if side == "caller" else "caller"

    def _hold(self, by: Side) -> list[Act]:
        other = self._other(by)
        modes = (("sendonly", "recvonly"), ("inactive", "inactive"))[self._dice.randrange(2)]
        hold = self._act(by, "hold", "INVITE", body=self._sdp(by, modes[0]), answer=self._sdp(other, modes[1]),
                         copies=_copies(self._dice))  # fmt: skip
        return [hold, self._act(by, "resume", "INVITE", body=self._sdp(by), answer=self._sdp(other))]

    def _update(self, by: Side) -> list[Act]:
        return [self._act(by, "UPDATE", "UPDATE", body=self._sdp(by), answer=self._sdp(self._other(by)),
                          copies=_copies(self._dice))]  # fmt: skip

    def _fax(self, by: Side) -> list[Act]:
        body = bodies.t38(self._words[by], next(self._versions))
        if self._dice.random() < 0.5:
            return [self._act(by, "T.38 refused", "INVITE", body=body, code=488)]
        answer = bodies.t38(self._words[self._other(by)], next(self._versions))
        return [self._act(by, "T.38", "INVITE", body=body, answer=answer)]

    def _info(self, by: Side) -> list[Act]:
        body = self._dice.choice([bodies.dtmf, bodies.text])(self._words[by])
        return [self._act(by, "INFO", "INFO", body=body, refused=415, copies=_copies(self._dice))]

    def _options(self, by: Side) -> list[Act]:
        return [self._act(by, "OPTIONS", "OPTIONS", answer=self._sdp(self._other(by)))]

    def _not_served(self, by: Side) -> list[Act]:
        method = self._dice.choice(_REFUSED_HERE)
        return [self._act(by, method, method, body=bodies.text(self._words[by]), refused=405)]

    def _timer(self, by: Side) -> list[Act]:
        """RFC 4028 §7: too short an interval is refused, and asked for again."""
        method = self._dice.choice(("UPDATE", "INVITE"))
        body = self._sdp(by) if method == "INVITE" else bodies.NONE
        answer = self._sdp(self._other(by)) if method == "INVITE" else bodies.NONE
        short = self._act(by, "timer 422", method, body=body, code=422, back=(("Min-SE", "180"),),
                          extra=(("Session-Expires", "90"), ("Supported", "timer")))  # fmt: skip
        long = self._act(
            by, "timer", method, body=body, answer=answer,
            extra=(("Session-Expires", "1800;refresher=uac"), ("Min-SE", "180"), ("Supported", "timer")),
            back=(("Session-Expires", "1800;refresher=uac"), ("Require", "timer")),
        )  # fmt: skip
        return [short, long] if self._dice.random() < 0.5 else [long]

    def _rejected(self, by: Side) -> list[Act]:
        code = self._dice.choice((488, 491, 500, 415, 606))
        return [self._act(by, "re-INVITE refused", "INVITE", body=self._sdp(by), code=code)]

    def _forged(self, by: Side) -> list[Act]:
        method = self._dice.choice(("BYE", "INVITE", "INFO", "UPDATE"))
        return [self._act(by, "forgery", method, forgery=self._dice.choice(FORGERIES))]


def reason(words: Words, code: int) -> str:
    """Return a reason phrase as gateways write them: the standard one, or words of theirs."""
    if words.dice.random() < 0.4:
        return REASONS.get(code, "OK")
    return words.dice.choice([
        f"{words.word()} says no", f"number {words.number()} busy", f"{words.name()}", f"{words.host()} {words.word()}",
    ])  # fmt: skip


def _copies(dice: Random) -> int:
    return dice.choice((1, 1, 1, 1, 2, 3))
