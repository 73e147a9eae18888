"""Numbers that come out when two byte strings of one leg are XORed: no secret at all to who sees both.

Kamailio's `uac_replace_from` leaks so: `vsf=` is the caller's From, XORed with the From that the member sees.

Eight bytes at a time. Digits are 0x30–0x39, so two windows can only give a number where the upper halves of their
bytes differ by 3: by those they are met, and only the few that fit are XORed. Chance gives eight given digits
once in 2⁶⁴ pairs of random windows; a leg of ten messages has some 10⁹ pairs.
"""

import re
import struct
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Final

from kemi.audit.readings import readings

_HALVES: Final = 0xF0F0F0F0F0F0F0F0
_THREES: Final = 0x3030303030303030
_EACH: Final = 0x0101010101010101
_SIZE: Final = 8
_LONGEST_KEY: Final = 64
_WORDS: Final = re.compile(rb"[^\s<>;,=\"@]+|<[^<>]+>|\"[^\"]+\"")


def windows(data: bytes) -> Iterator[int]:
    """Yield every eight bytes in a row as one integer."""
    for start in range(min(_SIZE, len(data) - _SIZE + 1)):
        yield from struct.unpack_from(f">{(len(data) - start) // _SIZE}Q", data, start)


def cycled(line: bytes) -> Iterator[bytes]:
    """Yield every word of a line as the key that it is when it is repeated."""
    for word in _WORDS.findall(line):
        key = word.strip(b'<>"')
        if 1 < len(key) <= _LONGEST_KEY:
            yield (key * _SIZE)[: len(key) + _SIZE - 1]


class Windows:
    """What is visible on one leg, in windows; says which numbers new windows give with those before."""

    def __init__(self, numbers: Iterable[bytes]) -> None:
        self._numbers = {int.from_bytes(number, "big"): number for number in numbers}
        # XORed with one byte throughout, a window keeps the differences of its bytes.
        self._differences = {_difference(digits): number for digits, number in self._numbers.items()}
        self._seen: set[int] = set()
        self._by_halves: dict[int, list[int]] = defaultdict(list)
        self._lines: set[bytes] = set()

    def add(self, line: bytes, *, is_whole_body: bool = False) -> set[bytes]:
        """Take in a piece of the leg; return the tails of the numbers that it gives with what was there."""
        if line in self._lines:
            return set()
        self._lines.add(line)
        new: set[int] = set()
        for reading in readings(line, is_whole_body=is_whole_body):
            new.update(windows(reading.data))
        for key in cycled(line):
            new.update(windows(key))
        new -= self._seen
        self._seen |= new
        for window in new:
            self._by_halves[window & _HALVES].append(window)
        return self._found(new)

    def _found(self, new: set[int]) -> set[bytes]:
        found, numbers, by_halves = set(), self._numbers, self._by_halves
        for window in new:
            for other in by_halves.get((window & _HALVES) ^ _THREES, ()):
                if window ^ other in numbers and numbers.keys().isdisjoint((window, other)):  # else it is plain to see
                    found.add(numbers[window ^ other])
            number = self._differences.get(_difference(window))
            if number is not None and window not in numbers:
                found.add(number)
        return found


def _difference(window: int) -> int:
    return window ^ (window >> 56) * _EACH
