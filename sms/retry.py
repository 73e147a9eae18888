"""When a notification that could not be sent is tried again. The table is printed in sms/README.md."""

from typing import Final

DELAYS: Final = (10, 30, 60, 120, 300, 600, 1200, 1800)  # seconds after the 1st, 2nd … try; the last one repeats
GIVE_UP_SECONDS: Final = 6 * 3600  # after the call arrived: who reads it later has long been called again
_SPREAD: Final = 0.2  # ± a tenth: what failed together must not come back together


def delay(attempt: int, dice: float, asked: float = 0.0) -> float:
    """Return the seconds to wait after try number `attempt` (1 is the first); `dice` is in [0, 1).

    `asked`: what the provider asked for. It is waited for, and up to a fifth longer.
    """
    seconds = DELAYS[min(attempt, len(DELAYS)) - 1]
    return max(seconds * (1 + _SPREAD * (dice - 0.5)), asked * (1 + _SPREAD * dice))
