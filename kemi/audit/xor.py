"""Numbers that come out when two byte strings of one leg are XORed: no secret at all to who sees both.

Kamailio's `uac_replace_from` leaks so: `vsf=` is the caller's From, XORed with the From that the member sees.

Eight bytes at a time. Digits are 0x30–0x39, so two windows can only give a number where the upper halves of their
bytes differ by 3: by those they are met, and only the few that fit are XORed. Chance gives eight given digits
once in 2⁶⁴ pairs of random windows; a leg of ten messages has some 10⁹ pairs.
"""

import re
import struct
from array import array
from collections import defaultdict
from collections.abc import Container, Iterable, Iterator
from functools import lru_cache
from itertools import chain
from typing import Final, NamedTuple

from kemi.audit.readings import readings

_HALVES: Final = 0xF0F0F0F0F0F0F0F0
_THREES: Final = 0x3030303030303030
_EACH: Final = 0x0101010101010101
_SIZE: Final = 8
_LONGEST_KEY: Final = 64
_WORDS: Final = (re.compile(rb"[^\s<>;,=\"@]+"), re.compile(rb"<([^<>]+)>"), re.compile(rb"\"([^\"]+)\""))


def windows(data: bytes) -> Iterator[int]:
    """Yield every eight bytes in a row as one integer."""
    for start in range(min(_SIZE, len(data) - _SIZE + 1)):
        yield from struct.unpack_from(f">{(len(data) - start) // _SIZE}Q", data, start)


def cycled(line: bytes) -> Iterator[bytes]:
    """Yield every word of a line as the key that it is when it is repeated."""
    for key in chain.from_iterable(words.findall(line) for words in _WORDS):
        if 1 < len(key) <= _LONGEST_KEY:
            yield (key * _SIZE)[: len(key) + _SIZE - 1]


class _Seen(NamedTuple):
    """The windows of one piece; their halves, what these must meet to give digits, and the differences of bytes."""

    windows: "array[int]"
    halves: frozenset[int]
    partners: frozenset[int]
    differences: frozenset[int]

    def with_halves(self, wanted: Container[int]) -> list[int]:
        """Return the windows that have some of these halves."""
        return [window for window in self.windows if window & _HALVES in wanted]


class Numbers:
    """The tails of secret numbers as windows; all legs of a capture share them."""

    def __init__(self, numbers: Iterable[bytes]) -> None:
        self.windows = {int.from_bytes(number, "big"): number for number in numbers}
        # XORed with one byte throughout, a window keeps the differences of its bytes.
        self.differences = {_difference(digits): number for digits, number in self.windows.items()}


class Windows:
    """What is visible on one leg, in windows; says which numbers new windows give with those before."""

    def __init__(self, numbers: Numbers) -> None:
        self._numbers, self._differences = numbers.windows, numbers.differences
        self._pieces: dict[bytes, _Seen] = {}
        self._told: set[bytes] = set()  # not what he said: a Record-Route that he repeats was told him first
        self._own: list[tuple[float, _Seen]] = []
        self._halves: set[int] = set()

    def see(self, line: bytes, at: float, *, is_whole_body: bool = False) -> None:
        """Take in what the reader of this leg said himself at a time (a capture's seconds)."""
        if self._numbers:
            self._own.append((at, self._add(line, is_whole_body)))

    def found(self, line: bytes, at: float, *, is_whole_body: bool = False) -> set[bytes]:
        """Take in a piece that he was told; return the tails of the numbers that it gives with what was there.

        What two pieces give that he had said before, he knew: he is only told it again.
        """
        if line in self._told or not self._numbers:
            return set()
        self._told.add(line)
        new = self._add(line, is_whole_body)
        meeting = new.partners & self._halves
        return self._shifted(new, at) | (self._met(new, meeting, at) if meeting else set())

    def _add(self, line: bytes, is_whole_body: bool) -> _Seen:
        new = self._pieces.get(line) or _seen(line, is_whole_body)
        self._halves |= new.halves
        self._pieces[line] = new
        return new

    def _shifted(self, new: _Seen, at: float) -> set[bytes]:
        differences = new.differences & self._differences.keys()
        hits = (each for each in new.windows if differences and _difference(each) in differences)
        # Plain, it is found elsewhere. Digits XORed with less than 8 are mostly digits again: chance gives them once in
        # 10⁷ numbers, and every SDP holds two.
        fresh = (each for each in hits if not _is_digits(each) and not self._is_known(at, each))
        return {self._differences[_difference(each)] for each in fresh}

    def _is_known(self, at: float, *windows: int) -> bool:
        before = [piece for when, piece in self._own if when < at]
        return all(any(window in piece.windows for piece in before) for window in windows)

    def _met(self, new: _Seen, meeting: frozenset[int], at: float) -> set[bytes]:
        found: set[bytes] = set()
        others: dict[int, set[int]] = defaultdict(set)
        for piece in self._pieces.values():
            if not meeting.isdisjoint(piece.halves):
                for window in piece.with_halves(meeting):
                    others[window & _HALVES].add(window)
        for window in new.with_halves({each ^ _THREES for each in meeting}):
            for other in others[window & _HALVES ^ _THREES]:
                number = self._numbers.get(window ^ other)
                if number is None or not self._numbers.keys().isdisjoint((window, other)):
                    continue  # where one of them is a number, it is plain to see
                if not self._is_known(at, window, other):
                    found.add(number)
        return found


@lru_cache(maxsize=256)  # the legs of a call share most of their lines; a line is some 100 KB
def _seen(line: bytes, is_whole_body: bool) -> _Seen:
    found: set[int] = set()
    for reading in readings(line, is_whole_body=is_whole_body):
        found.update(windows(reading.data))
    for key in cycled(line):
        found.update(windows(key))
    halves = frozenset(each & _HALVES for each in found)
    partners = frozenset(each ^ _THREES for each in halves)
    return _Seen(array("Q", found), halves, partners, frozenset(map(_difference, found)))


def _is_digits(window: int) -> bool:
    return window.to_bytes(_SIZE, "big").isdigit()


def _difference(window: int) -> int:
    return window ^ (window >> 56) * _EACH
