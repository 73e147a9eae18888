"""The texts that members get, word for word (design.md §1), and numbers as people here write them."""

from datetime import datetime
from typing import Final, Literal

import phonenumbers

Kind = Literal["answered", "missed"]
COUNTRY: Final = 84  # its own numbers are written with 0, all others with + and their country
_TEXTS: Final[dict[Kind, str]] = {
    "answered": "({brand}) Ban vua nhan cuoc goi tu so {number}.",
    "missed": "({brand}) Ban da bi nho 1 cuoc goi tu so {number} vao luc {time}. Vui long kiem tra va lien he lai",
}
_WITHOUT_NUMBER: Final[dict[Kind, str]] = {  # nobody can be called back, so nobody is asked to
    "answered": "({brand}) Ban vua nhan cuoc goi tu so an.",
    "missed": "({brand}) Ban da bi nho 1 cuoc goi tu so an vao luc {time}.",
}


def text(kind: Kind, brand: str, caller: str | None, called: datetime) -> str:
    """Return the SMS about a call of `caller` (E.164, None: not known) that came at `called`, in the tenant's time."""
    time = called.strftime("%H:%M %d/%m/%Y")
    if caller is None:
        return _WITHOUT_NUMBER[kind].format(brand=brand, time=time)
    return _TEXTS[kind].format(brand=brand, number=national(caller), time=time)


def national(number: str) -> str:
    """Return an E.164 `number` as it is dialled here: "+84909789846" → "0909789846"; foreign ones stay as they are."""
    try:
        parsed = phonenumbers.parse(number)
    except phonenumbers.NumberParseException:
        return number
    if parsed.country_code != COUNTRY:
        return number
    return "0" + phonenumbers.national_significant_number(parsed)
