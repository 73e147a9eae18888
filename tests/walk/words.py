"""Invented identities: every word, number and host that a party speaks is his alone and remembered as his secret.

Words begin with two letters that name the side: one scan of all that a side received finds any word of any call.
"""

import base64
from random import Random
from typing import Final
from urllib.parse import quote

CALLER, MEMBER = "vq", "wj"
_LETTERS: Final = "abcdefghijkmnopqrstuvwxyz23456789"
WORD_LENGTH: Final = 10
_TAIL: Final = 8


class Words:
    """What one party of one call says of himself."""

    def __init__(self, dice: Random, side: str) -> None:
        """`side`: CALLER or MEMBER."""
        self.dice, self._side = dice, side
        self.words: list[str] = []
        self.tails: list[str] = []  # the last eight digits of his numbers
        self.own = self._number()

    def word(self) -> str:
        """Return a new word of his."""
        made = self._side + "".join(self.dice.choices(_LETTERS, k=WORD_LENGTH - len(self._side)))
        self.words.append(made)
        return made

    def name(self) -> str:
        """Return a name of a person: words, accents, perhaps marks that must be escaped; Latin-1 of its UTF-8."""
        first, last = self.word().capitalize(), self.word().capitalize()
        text = self.dice.choice([
            f"{first} {last}", f"{first} Nguyễn {last}", f"{first} \\\"{last}\\\"", f"{first}, {last} (sales)",
            f"{first} \\\\ {last}", f"{first};tag=x{last}", f"{first} <{last}>", first,
        ])  # fmt: skip
        return utf8(text)

    def host(self) -> str:
        """Return a host: a name, an IPv4 address or an IPv6 reference."""
        kind = self.dice.randrange(4)
        if kind < 2:
            return self.address()
        return f"{self.word()}.example" if kind == 2 else f"pbx-{self.word()}.{self.word()}.example.vn"

    def address(self) -> str:
        """Return an IPv4 address or an IPv6 reference."""
        dice = self.dice
        if dice.random() < 0.5:
            return f"10.{dice.randrange(256)}.{dice.randrange(256)}.{dice.randrange(1, 255)}"
        return f"[2001:db8:{dice.randrange(4096, 65536):x}:{dice.randrange(4096, 65536):x}::{dice.randrange(9):x}]"

    def number(self) -> str:
        """Return his number, in one of the spellings people use."""
        own = self.own[1:]
        grouped = self.dice.choice(" -.")
        return self.dice.choice([
            self.own, f"+84{own}", f"84{own}", f"0084{own}",
            grouped.join((self.own[:3], self.own[3:6], self.own[6:])), f"(0){own}",
        ])  # fmt: skip

    def uri(self) -> str:
        """Return an address of his."""
        plain = self.dice.choice([self.own, f"+84{self.own[1:]}", self.word()])
        host = self.host()
        return self.dice.choice([
            f"sip:{plain}@{host}", f"sip:{plain}@{host}:{self.dice.randrange(1025, 65000)};user=phone",
            f"sip:{plain}:{self.word()}@{host};transport=udp", f"tel:+84{self.own[1:]}",
            f"tel:{self.own};phone-context={self.word()}.example", f"sips:{plain}@{host};ob",
        ])  # fmt: skip

    def payload(self) -> str:
        """Return something of his in an encoding."""
        plain = self.dice.choice([self.own, self.word(), f"sip:{self.own}@{self.word()}.example"])
        return self.dice.choice([
            base64.b64encode(plain.encode()).decode(), base64.urlsafe_b64encode(b"\x01" + plain.encode()).decode(),
            plain.encode().hex(), "".join(f"%{byte:02X}" for byte in plain.encode()), quote(plain, safe=""),
            base64.b32encode(plain.encode()).decode(), plain[::-1],
        ])  # fmt: skip

    def _number(self) -> str:
        made = "0" + self.dice.choice(["90", "91", "97", "35", "70"]) + f"{self.dice.randrange(10**7):07d}"
        self.tails.append(made[-_TAIL:])
        return made


def utf8(text: str) -> str:
    """Return `text` as messages here hold it: each byte of its UTF-8 a character."""
    return text.encode().decode("latin-1")
