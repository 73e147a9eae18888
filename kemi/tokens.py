"""Tokens: what the edge must know later, sealed into the Contact it shows each side (design.md §3.2).

A token is `base64url(key id ‖ AES-SIV(plaintext))`; the plaintext is a MessagePack array, padded to one of three
sizes so that its length tells nothing. AES-SIV needs no nonce and is authenticated (RFC 5297). Whoever has the key
can serve the dialog: another edge, or this one after a restart.

What does not fit into one URI goes into two, a Contact and a Record-Route (`kemi.kinds`, kemi/decisions/0014).
"""

import base64
import binascii
import re
import socket
import zlib
from collections.abc import Callable
from functools import lru_cache
from hashlib import blake2b
from hmac import compare_digest
from typing import Final, TypeVar

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV

from kemi import packing
from kemi.domain.addresses import SAID, Hop, without_port
from kemi.domain.sdp import Origin
from kemi.errors import TokenRefused
from kemi.kinds import Token, decode, decode_rest, joined, padded, parted

_MAX_CONTACT: Final = 255  # characters of URI; PJSIP refuses 256, and real SBCs are no kinder
_BUCKETS: Final = (73, 112)  # plaintext sizes, 120 and 172 characters sealed; the third is all that fits
_SEALED_EXTRA: Final = 17  # key id, SIV tag
_ROUTE_EXTRA: Final = 3  # bytes less in a Record-Route: ";lr"
_LEG_LETTERS: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
_CALL_BYTES: Final = 10
_NAME_BYTES: Final = 12  # of the hash in a leg's Call-ID
_KEY: Final = re.compile(r"(\d{1,3}):([0-9a-fA-F]{64})", re.ASCII)
_T = TypeVar("_T")
_URLSAFE: Final = bytes.maketrans(b"+/", b"-_")


class Keyring:
    """The cluster's keys: the first seals, every one opens, so that rotation cuts no call."""

    def __init__(self, keys: list[tuple[int, bytes]], host: str) -> None:
        """Take (id 0–255, 32 secret bytes) pairs, the current one first, and the host of the Contacts."""
        self._host = without_port(host).strip("[]")
        self._buckets = {transport: _buckets(len(host) + len(said), 0) for transport, said in SAID.items()}
        self._route_buckets = {
            transport: _buckets(len(host) + len(said), _ROUTE_EXTRA) for transport, said in SAID.items()
        }
        self._current = keys[0][0]
        self._siv = {key_id: AESSIV(_derive(secret, b"token")) for key_id, secret in keys}
        self._hash_keys = {key_id: _derive(secret, b"names") for key_id, secret in keys}
        # Keyed once, copied for each use: a third of the time.
        self._named = {key_id: blake2b(key=key, digest_size=_NAME_BYTES) for key_id, key in self._hash_keys.items()}
        self._vouched = {key_id: blake2b(b"v", key=key, digest_size=3) for key_id, key in self._hash_keys.items()}
        self._marked = {key_id: blake2b(b"d", key=key, digest_size=6) for key_id, key in self._hash_keys.items()}

    @classmethod
    def parse(cls, text: str, host: str) -> "Keyring":
        """Read EDGE_KEY: `id:64 hex digits[,id:64 hex digits…]`. Raises `ValueError` in words.

        `host` is what stands behind the @ of the edge's Contacts.
        """
        keys: dict[int, bytes] = {}
        for part in text.split(","):
            found = _KEY.fullmatch(part.strip())
            if found is None or int(found[1]) > 255:
                raise ValueError("EDGE_KEY must be id:64-hex-digits, the id from 0 to 255")
            if int(found[1]) in keys:
                raise ValueError("EDGE_KEY has the same key id twice")
            keys[int(found[1])] = bytes.fromhex(found[2])
        return cls(list(keys.items()), host)

    def seal(self, token: Token, key_id: int | None = None, transport: str = "udp") -> str:
        """Return the user part of a Contact for who speaks `transport`. Raises `TokenTooLong`.

        `key_id`: of a dialog that began under an older key; its Call-IDs and tags were hashed with that one.
        """
        key_id = self._key(key_id)
        return self._sealed(padded(token, self._buckets[transport]), key_id, None)

    def seal_in_two(self, token: Token, transport: str = "udp") -> tuple[str, str]:
        """Return the user parts of a Contact and of a Record-Route beside it. Raises `TokenTooLong`."""
        brief, rest = parted(token)
        plain = padded(rest, self._route_buckets[transport])
        return self.seal(brief, None, transport), self._sealed(plain, self._current, [token.call])

    def open(self, user: str) -> tuple[Token, int]:
        """Return the token in a R-URI's user part and its key id. Raises `TokenRefused`; says nothing more."""
        return self._opened(user, decode, None)

    def open_whole(self, user: str, route: Callable[[], str]) -> tuple[Token, int]:
        """As `open`; `route` is asked for the user part of our Route where the token is parted."""
        token, key_id = self.open(user)
        if not token.parted:
            return token, key_id
        rest, rest_key = self._opened(route(), decode_rest, [token.call])  # of this call, or it does not open
        if rest_key != key_id:
            raise TokenRefused("a token without its rest")
        return joined(token, rest), key_id

    def _sealed(self, plain: bytes, key_id: int, beside: list[bytes] | None) -> str:
        return _base64url(bytes((key_id,)) + self._siv[key_id].encrypt(plain, beside))

    def _opened(self, user: str, decoder: Callable[[bytes], _T], beside: list[bytes] | None) -> tuple[_T, int]:
        try:
            raw = base64.b64decode(user + "=" * (-len(user) % 4), altchars=b"-_", validate=True)
            siv = self._siv[raw[0]]
            plain = siv.decrypt(raw[1:], beside)
            if _base64url(raw) != user:  # the same bytes, spelled otherwise
                raise TokenRefused("not a token of ours")
            return decoder(packing.grow(plain[0], plain[2 : 2 + plain[1]])), raw[0]
        except (binascii.Error, KeyError, IndexError, InvalidTag, ValueError, msgspec.DecodeError, zlib.error) as wrong:
            raise TokenRefused("not a token of ours") from wrong

    @property
    def current(self) -> int:
        """The id of the key that seals."""
        return self._current

    def leg_call_id(self, call: bytes, leg: str, key_id: int | None = None) -> str:
        """Return the Call-ID of a leg: 16 letters of a keyed hash, 4 that vouch for it, 2 that name the leg."""
        key_id, letters = self._current if key_id is None else key_id, leg.encode()
        name = _digest(self._named[key_id], b"i" + call + letters)
        return _base64url(name + _digest(self._vouched[key_id], name + letters)) + leg

    def is_leg_call_id(self, call_id: str) -> bool:
        """Say whether `call_id` is one that an edge with one of our keys has made."""
        try:
            raw = base64.b64decode(call_id[:20], altchars=b"-_", validate=True)
        except ValueError:
            return False
        name, said, letters = raw[:_NAME_BYTES], raw[_NAME_BYTES:], call_id[20:].encode()
        return any(compare_digest(said, _digest(vouched, name + letters)) for vouched in self._vouched.values())

    def caller_tag(self, call: bytes, tag: str, key_id: int | None = None) -> str:
        """Return the From tag that stands for the caller's `tag` on every leg."""
        named = self._named[self._current if key_id is None else key_id]
        return _base64url(_digest(named, b"t" + call + tag.encode()))

    def clock_mark(self, call: str, ms: int) -> str:
        """Return the letters that vouch for a clock of ours (`kemi.hunting`)."""
        return _base64url(_digest(self._marked[self._current], f"clock {call} {ms}".encode()))

    def dialog_mark(self, call_id: str, caller_tag: str, member_tag: str, key_id: int | None = None) -> bytes:
        """Return 6 bytes that bind a token to the caller's dialog."""
        marked = self._marked[self._current if key_id is None else key_id]
        return _digest(marked, f"{call_id}\0{caller_tag}\0{member_tag}".encode())

    def origin(self, call: bytes, side: str) -> Origin:
        """Return what stands for `side` in the SDP `o=` lines of a call; a call's id is never on the wire."""
        digest = blake2b(call + side.encode(), digest_size=8).digest()
        return Origin(int.from_bytes(digest[:4], "big") >> 1, int.from_bytes(digest[4:], "big") >> 1, self._host)

    def _key(self, key_id: int | None) -> int:
        return self._current if key_id is None else key_id


def leg_letters(leg: int, attempt: int) -> str:
    """Return the two letters that name a leg's attempt in its Call-ID."""
    return _LEG_LETTERS[leg] + _LEG_LETTERS[attempt]


_LEGS: Final = {leg_letters(leg, attempt): (leg, attempt) for leg in range(64) for attempt in range(64)}


def leg_of(letters: str) -> tuple[int, int]:
    """Return (leg, attempt) of the last two letters of a Call-ID. Raises `ValueError` for others."""
    found = _LEGS.get(letters)
    if found is None:
        raise ValueError("not the letters of a leg")
    return found


def new_call(now: float, entropy: bytes) -> bytes:
    """Return a call's id: 4 bytes of its arrival (seconds since the epoch), 6 bytes of chance."""
    return int(now).to_bytes(4, "big") + entropy[: _CALL_BYTES - 4]


def age(call: bytes, now: float) -> float:
    """Return how many seconds ago a call arrived. Raises `TokenRefused` for what is no call id."""
    if len(call) != _CALL_BYTES:
        raise TokenRefused("not a call id")
    return now - int.from_bytes(call[:4], "big")


@lru_cache(maxsize=4096)  # peers: the trunks and gateways there are, seldom more
def pack_ip(ip: str) -> bytes:
    """Return an IP address as 4 or 16 bytes."""
    return socket.inet_pton(socket.AF_INET6 if ":" in ip else socket.AF_INET, ip)


def pack_hop(hop: Hop) -> bytes:
    """Return a hop as address, port and a letter for a transport other than UDP."""
    return pack_ip(hop.ip) + hop.port.to_bytes(2, "big") + (b"t" if hop.transport == "tcp" else b"")


def hop_ip(packed: bytes) -> bytes:
    """Return the packed address within a packed hop."""
    return packed[: len(packed) - len(packed) % 2 - 2]


@lru_cache(maxsize=4096)
def unpack_hop(packed: bytes) -> Hop:
    """Return the hop that `pack_hop` packed. Raises `TokenRefused`."""
    size = len(packed) - len(packed) % 2 - 2
    if size not in {4, 16}:
        raise TokenRefused("not a hop")
    ip = socket.inet_ntop(socket.AF_INET if size == 4 else socket.AF_INET6, packed[:size])
    return Hop(ip, int.from_bytes(packed[size : size + 2], "big"), "tcp" if len(packed) % 2 else "udp")


def _buckets(behind: int, less: int) -> tuple[int, ...]:
    """Return the plaintext sizes where `behind` characters stand behind the @; `less`: bytes that the last is short."""
    most = min((_MAX_CONTACT - len("sip:@") - behind) * 3 // 4 - _SEALED_EXTRA, 255)
    return (*(size for size in _BUCKETS if size < most), most - less)


def _digest(keyed: blake2b, text: bytes) -> bytes:
    hasher = keyed.copy()
    hasher.update(text)
    return hasher.digest()


def _base64url(raw: bytes) -> str:
    return binascii.b2a_base64(raw, newline=False).translate(_URLSAFE).rstrip(b"=").decode()


def _derive(secret: bytes, purpose: bytes) -> bytes:
    return blake2b(purpose, key=secret, digest_size=32).digest()
