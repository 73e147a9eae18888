"""Every code in which a leak is planted: how it is written, by name."""

import base64
import itertools
from collections.abc import Callable
from typing import Final

from tests.unit.audit_world import HOTLINE

Code = Callable[[str], str]
_KEY: Final = f"sip:{HOTLINE}@192.0.2.10"  # it stands in the From of every leg


def spellings(number: str) -> dict[str, str]:
    """All that people and carriers make of a national number."""
    rest = number[1:]
    return {
        "0…": number, "84…": "84" + rest, "+84…": "+84" + rest, "0084…": "0084" + rest, "nine digits": rest,
        "eight digits": rest[1:], "dots": f"{rest[:3]}.{rest[3:6]}.{rest[6:]}", "dashes": f"{rest[:2]}-{rest[2:]}",
        "spaces": " ".join(number), "parentheses": f"(0{rest[:2]}) {rest[2:5]} {rest[5:]}",
        "mixed": f"+84 (0) {rest[:2]}/{rest[2:5]} - {rest[5:]}", "underscores": f"{rest[:4]}_{rest[4:]}",
    }  # fmt: skip


def _percent(text: str) -> str:
    return "".join(f"%{byte:02X}" for byte in text.encode())


def _base64(before: int, *, is_url: bool) -> Code:
    encode = base64.urlsafe_b64encode if is_url else base64.b64encode
    return lambda text: "x" * before + encode(b"-" * (before % 3) + text.encode() + b";-;").decode().rstrip("=")


def _base32(before: int) -> Code:
    return lambda text: "A" * before + base64.b32encode(b"k" * before + text.encode() + b"zz").decode().rstrip("=")


def _xor(data: str, key: str) -> bytes:
    return bytes(one ^ other for one, other in zip(data.encode(), itertools.cycle(key.encode())))


def _vsf(text: str) -> str:
    """As Kamailio's uac_replace_from does it: the old From, XORed with the new one that stands in the message."""
    return base64.b64encode(_xor(f"sip:{text}@pbx", _KEY)).decode().replace("=", "-")


def _short_key(text: str) -> str:
    return f"k=hQz7p;v={_xor(text, 'hQz7p').hex()}"


ENCODED: Final[dict[str, Code]] = {
    "as it is": str,
    "reversed": lambda text: text[::-1],
    "percent-encoded": _percent,
    "percent-encoded in part": lambda text: text[:4] + _percent(text[4:]),
    **{f"base64 after {n}": _base64(n, is_url=False) for n in range(4)},
    **{f"base64url after {n}": _base64(n, is_url=True) for n in range(4)},
    "base64 among noise": lambda text: base64.b64encode(b"\x91\xff" + text.encode() + b"\xfe\x07\x80").decode(),
    "base64 twice": lambda text: base64.b64encode(base64.b64encode(text.encode())).decode(),
    "base64 of spaced": lambda text: base64.b64encode(" ".join(text).encode()).decode(),
    "base64 of percent": lambda text: base64.b64encode(_percent(text).encode()).decode(),
    **{f"base32 after {n}": _base32(n) for n in range(8)},
    "base32 small": lambda text: base64.b32encode(text.encode()).decode().lower(),
    "base32hex": lambda text: base64.b32hexencode(text.encode()).decode().rstrip("="),
    "hex": lambda text: text.encode().hex(),
    "hex, capitals, odd": lambda text: "A" + text.encode().hex().upper(),
    "hex with colons": lambda text: text.encode().hex(":"),
    "hex with 0x": lambda text: " ".join(f"0x{byte:02x}" for byte in text.encode()),
    "base64 of hex": lambda text: base64.b64encode(text.encode().hex().encode()).decode(),
    "hex of base64": lambda text: base64.b64encode(text.encode()).hex(),
    "backslashes": lambda text: "".join(f"\\{each}" for each in text),
    "\\u escapes": lambda text: "".join(f"\\u00{byte:02x}" for byte in text.encode()),
    "HTML entities": lambda text: "".join(f"&#{byte};" for byte in text.encode()),
    "quoted-printable": lambda text: "".join(f"={byte:02X}" for byte in text.encode()),
    "UTF-16": lambda text: text.encode("utf-16-le").decode("latin-1"),
    "XOR with the From": _vsf,
    "XOR with the From, hex": lambda text: _xor(f"sip:{text}@pbx", _KEY).hex(),
    "XOR with a short word": _short_key,
    "XOR with one byte": lambda text: base64.b64encode(_xor(text, "*")).decode(),
}
# These are looked for with numbers only.
_OF_NUMBERS: Final = ("XOR", "reversed", "base64 of spaced")
OF_WORDS: Final = {how: code for how, code in ENCODED.items() if not how.startswith(_OF_NUMBERS)}
OF_DIGITS: Final[dict[str, Code]] = {
    "full-width digits": lambda text: (
        text.translate({48 + n: 0xFF10 + n for n in range(10)}).encode().decode("latin-1")
    ),
    "semi-octets": lambda text: "".join(b + a for a, b in zip(text[::2], text[1::2], strict=True)) + "f0",
    "PASSporT": lambda text: ".".join(
        base64.urlsafe_b64encode(part.encode()).decode().rstrip("=")
        for part in ('{"alg":"ES256","typ":"passport"}', f'{{"iat":1,"orig":{{"tn":"84{text[1:]}"}}}}', "signature")
    ),
}
