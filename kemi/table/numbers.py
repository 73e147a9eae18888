"""What a number is, for the compiler: reached by SMS or not, and never to be called from a group (toll fraud).

`phonenumbers` knows; it costs tens of µs and megabytes, so the call path has only what was made of it.
"""

from functools import lru_cache
from typing import Final

import phonenumbers
from phonenumbers import PhoneNumber, PhoneNumberType

_HOME: Final = "+84"

# No SMS reaches these. An unknown kind is tried: new mobile prefixes are older than the library's tables.
NO_SMS: Final = frozenset(
    {
        PhoneNumberType.FIXED_LINE,
        PhoneNumberType.TOLL_FREE,
        PhoneNumberType.PREMIUM_RATE,
        PhoneNumberType.SHARED_COST,
        PhoneNumberType.UAN,
        PhoneNumberType.VOICEMAIL,
    }
)
# Nobody's own telephone has such a number, and somebody earns by calls to it.
NO_PERSON: Final = frozenset(
    {
        PhoneNumberType.TOLL_FREE,
        PhoneNumberType.PREMIUM_RATE,
        PhoneNumberType.SHARED_COST,
        PhoneNumberType.UAN,
        PhoneNumberType.VOICEMAIL,
    }
)
_SERVICES: Final = "+841"  # 1900, 1800, 108 …: no area code and no mobile prefix of Vietnam begins with 1
_HOME_LENGTHS: Final = frozenset({len(_HOME) + 9, len(_HOME) + 10})  # mobile; landline with its area code


def can_text(number: str) -> bool:
    """Whether an SMS can reach an E.164 `number`: not a landline, not a service number."""
    kind = _kind(number)
    return kind is not None and kind not in NO_SMS


def is_persons(number: str) -> bool:
    """Whether an E.164 `number` may be somebody's telephone: no premium, shared-cost or toll-free one, no service."""
    kind = _kind(number)
    if kind is None or kind in NO_PERSON or number.startswith(_SERVICES):
        return False
    return kind != PhoneNumberType.UNKNOWN or not number.startswith(_HOME) or len(number) in _HOME_LENGTHS


@lru_cache(maxsize=1 << 16)
def _kind(number: str) -> int | None:
    try:
        # parse() costs two thirds of it, and at home there is nothing to find out
        home = number.startswith(_HOME)
        parsed = PhoneNumber(84, int(number[len(_HOME) :])) if home else phonenumbers.parse(number)
        kind: int = phonenumbers.number_type(parsed)
    except phonenumbers.NumberParseException:
        return None
    return kind
