"""Making a token's bytes fewer: what SIP stacks write as text is mostly hexadecimal, digits, addresses and set phrases.

`shrink` first writes runs of digits, of hexadecimal, UUIDs and IPv4 addresses in binary, then deflates against a
dictionary of what Contacts and Record-Routes consist of (kemi/decisions/0014 has the figures). Only tokens that do
not fit as they are come here: 35 µs to shrink one, 15 µs to grow it again.
"""

import re
import zlib
from typing import Final

PLAIN, DEFLATED, PACKED = 0, 1, 2  # forms, as the first byte of a token's plaintext tells them
_LONGEST: Final = 4096  # bytes of a token, grown; none comes near
_WINDOW: Final = -10  # 1 KiB: dictionary and token; raw, without zlib's header
_MARK: Final = 0xC1  # the one byte that MessagePack never begins anything with
_DIGITS, _LOWER, _UPPER, _SHAPED = 0, 1, 2, 3  # what follows the mark: two bits of these, six of a count
_UUID, _IPV4 = 0, 1  # counts of _SHAPED
_OCTET: Final = rb"(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
# Two steps, because most bytes are none of these: first where there may be one, then which. Lexical, so always undone.
_MAYBE: Final = re.compile(rb"\xc1|[0-9A-Fa-f][0-9A-Fa-f.-]{6,}")
_RUNS: Final = re.compile(
    rb"(?P<uuid>[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})"
    rb"|(?P<ip>(?:" + _OCTET + rb"\.){3}" + _OCTET + rb")"
    rb"|(?P<digits>(?:[0-9]{2}){5,60}(?![0-9a-fA-F]))"
    rb"|(?P<lower>(?:[0-9a-f]{2}){5,60})|(?P<upper>(?:[0-9A-F]{2}){5,60})"
)
_DICTIONARY: Final = (
    b"0123456789abcdef;user=phone;transport=tls;Hpt=8e72_16;CxtId=;TRC=ffffffff-ffffffff;alias=;line=sr-;thinfo=;nat=yes"
    b";r2=on;ftag=;did=;lr=on>,<sip:sip:anonymous@scscf.pcscf.ims.mnc004.mcc452.3gppnetwork.org:5060;transport=tcp"
    b";transport=udp;lr;ftag=>,<sip::5060;transport=udp@192.168.172.16.10.0sip:+84sip:0"
)


def shrink(data: bytes) -> tuple[int, bytes]:
    """Return the form that takes the fewest bytes, and `data` in it."""
    packed = _MAYBE.sub(_searched, data)
    packer = zlib.compressobj(9, zlib.DEFLATED, _WINDOW, 8, zlib.Z_DEFAULT_STRATEGY, _DICTIONARY)
    deflated = packer.compress(packed) + packer.flush()
    return (DEFLATED, deflated) if len(deflated) < len(packed) else (PACKED, packed)


def grow(form: int, data: bytes) -> bytes:
    """Return what was shrunk. Raises `ValueError` or `zlib.error` for what never was."""
    if form == PLAIN:
        return data
    if form == DEFLATED:
        data = zlib.decompressobj(_WINDOW, _DICTIONARY).decompress(data, _LONGEST)
    elif form != PACKED:
        raise ValueError("a form that there is not")
    first, *runs = data.split(bytes((_MARK,)), 1)
    return first + _grown(runs[0]) if runs else first


def _searched(found: re.Match[bytes]) -> bytes:
    return _RUNS.sub(_packed, found[0]) if found[0][0] != _MARK else bytes((_MARK, 0))


def _packed(found: re.Match[bytes]) -> bytes:
    kind, text = found.lastgroup, found[0]
    if kind == "uuid":
        return _marked(_SHAPED, _UUID, bytes.fromhex(text.decode().replace("-", "")))
    if kind == "ip":
        return _marked(_SHAPED, _IPV4, bytes(map(int, text.split(b"."))))
    pairs = len(text) // 2
    if kind == "digits":
        return _marked(_DIGITS, pairs, int(text).to_bytes(_size(pairs), "big"))
    return _marked(_LOWER if kind == "lower" else _UPPER, pairs, bytes.fromhex(text.decode()))


def _marked(kind: int, count: int, payload: bytes) -> bytes:
    return bytes((_MARK, kind << 6 | count)) + payload


def _size(pairs: int) -> int:
    """Return how many bytes hold any number of that many pairs of digits."""
    return (pairs * 2 * 3322 + 7999) // 8000


def _grown(data: bytes) -> bytes:
    """Return the text of `data`, which begins behind a mark."""
    out, at = bytearray(), 0
    while True:
        if at >= len(data):
            raise ValueError("a mark without what it marks")
        text, size = _run(data[at] >> 6, data[at] & 63, data[at + 1 :])
        after = at + 1 + size
        end = data.find(_MARK, after)
        out += text + data[after : end if end >= 0 else None]
        if end < 0:
            return bytes(out)
        at = end + 1


def _run(kind: int, count: int, data: bytes) -> tuple[bytes, int]:
    """Return the text of a run and how many bytes of `data` it took."""
    if kind == _DIGITS:
        if count == 0:
            return bytes((_MARK,)), 0
        size = _size(count)
        return f"{int.from_bytes(data[:size], 'big'):0{count * 2}}".encode(), size
    if kind != _SHAPED:
        text = data[:count].hex().encode()
        return text if kind == _LOWER else text.upper(), count
    if count == _IPV4:
        return b".".join(b"%d" % octet for octet in data[:4]), 4
    name = data[:16].hex()
    return f"{name[:8]}-{name[8:12]}-{name[12:16]}-{name[16:20]}-{name[20:]}".encode(), 16
