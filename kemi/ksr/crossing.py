"""A member's first sign of life that crosses another's 2xx: tm would forget its CANCEL (kemi/decisions/0049)."""

import time
from typing import Final

import KSR

from kemi.ksr import request, signalling

_PAUSE: Final = 0.001  # seconds: the winner's worker needs a fifth of it for all CANCELs, if it has a core
_LONGEST: Final = 0.032  # seconds
_TIMES: Final = 20  # half a second in all
_get = KSR.pv.get


def again() -> None:
    """Keep the provisional reply at hand from the caller, and have tm see it once more, as a 100.

    The winner's worker is about to CANCEL this leg. While this waits, tm has the leg as one that has answered; before
    and after, as one that has not: no CANCEL is sent then, but at the next provisional reply. That is the 100, which we
    send to ourselves until the winner's worker has been here; how often it was sent is its phrase.
    """
    if (code := _get("$rs")) > 100:
        signalling.swallow()
    if _get("$T_reply_last") >= 200:
        return  # it has refused already: it is not to be cancelled
    said = _get("$rr")
    times = int(said) if code == 100 and said.isdecimal() else 0
    if times < _TIMES:
        time.sleep(min(_PAUSE * 2**times, _LONGEST))
        _, _, rest = request.raw().decode(errors="replace").partition("\n")
        signalling.send(f"sip:{signalling.here()}", f"SIP/2.0 100 {times + 1}\r\n{rest}")
