"""The walk's own audit, over all calls at once: no word and no number of any call is heard by anybody but its owner.

Independent of `kemi.audit`, which reads one call's packets: here every invented word of every call is known
beforehand, and the two letters that all of them begin with let one search find any.
"""

import base64
import re
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Final, TypeAlias
from urllib.parse import unquote_to_bytes

from tests.sip.wire import Packet
from tests.walk.generator import story
from tests.walk.room import members
from tests.walk.words import CALLER, MEMBER, WORD_LENGTH

Owner: TypeAlias = tuple[int, int]  # the call, and which party of it: -1 the caller, else the leg
_WORD: Final = re.compile(f"(?=((?:{CALLER}|{MEMBER})[a-z0-9]{{{WORD_LENGTH - 2}}}))".encode(), re.IGNORECASE)
_DIGITS: Final = re.compile(rb"\d{8,}")
_RUNS: Final = re.compile(r"(?<![0-9A-Fa-f])[0-9]{9,12}(?![0-9A-Fa-f])")
_MOBILE: Final = re.compile(rb"(?<!\d)(?:0|84)(?:90|91|97|35|70)\d{7}(?!\d)")
_BETWEEN: Final = re.compile(rb"(?<=[0-9])[ .()/-]+(?=[0-9])")
_BASE64: Final = re.compile(rb"[A-Za-z0-9+/_-]{12,}")
_HEX: Final = re.compile(rb"(?:[0-9A-Fa-f]{2}){6,}")
_ORIGIN: Final = re.compile(rb"\r\no=[^\r]*")  # numbers of the edge's own, as long as telephone numbers


@lru_cache(maxsize=1)
def registry(seed: int, calls: int) -> tuple[dict[bytes, Owner], dict[bytes, Owner]]:
    """Return whose every word is, and every number by its last eight digits, of all calls of the walk."""
    words: dict[bytes, Owner] = {}
    tails: dict[bytes, Owner] = {}
    for number in range(calls):
        for ear, said, numbers in _spoken(seed, number):
            words |= {word.encode(): (number, ear) for word in said}
            tails |= {tail.encode(): (number, ear) for tail in numbers}
    return words, tails


def _spoken(seed: int, number: int) -> list[tuple[int, tuple[str, ...], tuple[str, ...]]]:
    """Return the words and numbers of each party of a call."""
    told = story(seed, number)
    return [(-1, told.words, told.tails), *((leg, one.words, one.tails) for leg, one in enumerate(told.legs))]


def overheard(
    seed: int, calls: int, number: int, slot: int, edge: tuple[str, int], packets: Sequence[Packet], ears: Sequence[int]
) -> list[str]:
    """Return what a party of call `number` was sent of others, in words."""
    words, tails = registry(seed, calls)
    own = {tail[-8:].encode(): (number, leg) for leg, tail in enumerate(members(slot))}
    own |= {tail.encode(): (number, ear) for ear, _, numbers in _spoken(seed, number) for tail in numbers}
    found = []
    for packet, ear in zip(packets, ears, strict=True):
        if packet.src != edge:
            continue
        me = (number, ear)
        for how, text in _readings(packet.raw):
            for what, owner in _heard(text, words, tails, own):
                if owner != me:
                    line = packet.raw.split(b"\r\n", 1)[0].decode("latin-1")
                    found.append(
                        f"call {number}: {_who(me)} heard a {what} of {_who(owner, number)} ({how}) in {line!r}"
                    )
    return found


def numbers_in(lines: Iterable[str], seed: int, calls: int, slots: int) -> Iterator[str]:
    """Yield the lines of a log that hold a number of anybody: a member's, or one that a story has invented."""
    _, tails = registry(seed, calls)
    rung = {number[1:] for slot in range(slots) for number in members(slot)}
    for line in lines:
        runs = _RUNS.findall(line)
        if any(run[-9:] in rung or (_MOBILE.fullmatch(run.encode()) and run[-8:].encode() in tails) for run in runs):
            yield line


def told_in(raw: bytes, seed: int, calls: int, slots: int) -> list[str]:
    """Return what a message that is nobody's to hear says of anybody."""
    words, tails = registry(seed, calls)
    rung = {number[-8:].encode(): (0, leg) for slot in range(slots) for leg, number in enumerate(members(slot))}
    return sorted({f"{what} ({how})" for how, text in _readings(raw) for what, _ in _heard(text, words, tails, rung)})


def _heard(
    text: bytes, words: dict[bytes, Owner], tails: dict[bytes, Owner], own: dict[bytes, Owner]
) -> Iterator[tuple[str, Owner]]:
    for match in _WORD.finditer(text):
        if owner := words.get(match[1].lower()):
            yield f"word {match[1].decode()!r}", owner
    plain = _ORIGIN.sub(b"", text)
    for run in _DIGITS.findall(plain):
        for at in range(len(run) - 7):
            if owner := own.get(run[at : at + 8]):
                yield f"number …{run[at + 5 : at + 8].decode()}", owner
    for mobile in _MOBILE.findall(plain):
        if (owner := tails.get(mobile[-8:])) and mobile[-8:] not in own:
            yield f"number …{mobile[-3:].decode()}", owner


def _readings(raw: bytes) -> Iterator[tuple[str, bytes]]:
    plain = unquote_to_bytes(raw)
    yield "as it is", raw
    if plain != raw:
        yield "percent-decoded", plain
    yield "without separators", _BETWEEN.sub(b"", plain)
    yield "backwards", plain[::-1]
    for run in _BASE64.findall(plain):
        text = run.translate(_STANDARD)
        yield "base64", b" ".join(_unbase64(text[skip:]) for skip in range(4))
    for run in _HEX.findall(plain):
        yield "hex", bytes.fromhex(run.decode())


_STANDARD: Final = bytes.maketrans(b"-_", b"+/")


def _unbase64(text: bytes) -> bytes:
    return base64.b64decode(text[: len(text) // 4 * 4])


def _who(owner: Owner, here: int | None = None) -> str:
    who = "the caller" if owner[1] < 0 else f"member {owner[1]}"
    return who if here in {None, owner[0]} else f"{who} of call {owner[0]}"
