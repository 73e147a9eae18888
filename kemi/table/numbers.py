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
_LANDLINES: Final = "+842"
_MOBILE_LENGTHS: Final = frozenset({len(_HOME) + 9})
_LANDLINE_LENGTHS: Final = frozenset({len(_HOME) + 9, len(_HOME) + 10})  # with the area code
# What decides between the kinds of Vietnam: the beginning and the length. One digit more than the longest pattern names
# (1800, 1210–1213); tests/unit/test_table_numbers.py holds this against the library.
_DECISIVE: Final = len(_HOME) + 5


def can_text(number: str) -> bool:
    """Whether an SMS can reach an E.164 `number`: not a landline, not a service number."""
    kind = _kind(number)
    return kind is not None and kind not in NO_SMS


def is_persons(number: str) -> bool:
    """Whether an E.164 `number` may be somebody's telephone: no premium, shared-cost or toll-free one, no service."""
    kind = _kind(number)
    return not (kind is None or kind in NO_PERSON or number.startswith(_SERVICES) or is_slip(number))


def is_slip(number: str) -> bool:
    """Whether an E.164 `number` of Vietnam, no service, is too short or too long for a mobile or a landline."""
    if not number.startswith(_HOME) or number.startswith(_SERVICES):
        return False
    return len(number) not in (_LANDLINE_LENGTHS if number.startswith(_LANDLINES) else _MOBILE_LENGTHS)


def _kind(number: str) -> int | None:
    # A million groups have five million numbers, of which next to none comes twice, and the library costs 6 µs each.
    return _kind_at_home(number[:_DECISIVE], len(number)) if number.startswith(_HOME) else _kind_abroad(number)


@lru_cache(maxsize=1 << 16)
def _kind_at_home(beginning: str, length: int) -> int:
    digits = beginning[len(_HOME) :].ljust(length - len(_HOME), "0")
    # parse() costs two thirds of it, and at home there is nothing to find out
    kind: int = phonenumbers.number_type(PhoneNumber(84, int(digits)))
    return kind


@lru_cache(maxsize=1 << 13)
def _kind_abroad(number: str) -> int | None:
    try:
        kind: int = phonenumbers.number_type(phonenumbers.parse(number))
    except phonenumbers.NumberParseException:
        return None
    return kind
