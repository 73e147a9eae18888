"""Bencode, as the ng protocol of rtpengine speaks it: strings, whole numbers, lists, dictionaries. Pure."""

from typing import TypeAlias

Value: TypeAlias = "str | int | list[Value] | dict[str, Value]"


def encode(value: Value) -> bytes:
    """Return a value as the wire has it; text is UTF-8."""
    parts: list[bytes] = []
    _encode(value, parts)
    return b"".join(parts)


def _encode(value: Value, parts: list[bytes]) -> None:
    if isinstance(value, str):
        raw = value.encode()
        parts.append(b"%d:%b" % (len(raw), raw))
    elif isinstance(value, int):
        parts.append(b"i%de" % value)
    elif isinstance(value, list):
        parts.append(b"l")
        for item in value:
            _encode(item, parts)
        parts.append(b"e")
    else:
        parts.append(b"d")
        for key, item in value.items():
            _encode(key, parts)
            _encode(item, parts)
        parts.append(b"e")


def decode(raw: bytes) -> Value:
    """Return the value of `raw`. Raises `ValueError` where that is none, or more than one."""
    try:
        value, end = _decode(raw, 0)
    except (IndexError, RecursionError) as wrong:
        raise ValueError("bencode that ends too soon") from wrong
    if end != len(raw):
        raise ValueError("bencode with something behind it")
    return value


def _decode(raw: bytes, at: int) -> tuple[Value, int]:
    kind = raw[at]
    if kind == ord("i"):
        end = raw.index(b"e", at)
        return int(raw[at + 1 : end]), end + 1
    if kind == ord("l"):
        items: list[Value] = []
        at += 1
        while raw[at] != ord("e"):
            item, at = _decode(raw, at)
            items.append(item)
        return items, at + 1
    if kind == ord("d"):
        found: dict[str, Value] = {}
        at += 1
        while raw[at] != ord("e"):
            key, at = _decode(raw, at)
            found[str(key)], at = _decode(raw, at)
        return found, at + 1
    colon = raw.index(b":", at)
    begin = colon + 1
    end = begin + int(raw[at:colon])
    if end > len(raw) or end < begin:
        raise ValueError("bencode that ends too soon")
    return raw[begin:end].decode("utf-8", "replace"), end
