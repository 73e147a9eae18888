"""SRTP as RFC 3711 has it (AES_CM_128_HMAC_SHA1_80, one stream that begins at roll-over 0): enough to hear with."""

import base64
import hmac
import re
import secrets
from typing import Final

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

_TAG: Final = 10
_HEAD: Final = 12
SUITE: Final = "AES_CM_128_HMAC_SHA1_80"


class Key:
    """A master key with its salt, and what is derived of it (§4.3)."""

    def __init__(self, master: bytes = b"") -> None:
        self.master = master or secrets.token_bytes(30)
        key, salt = self.master[:16], self.master[16:]
        self._cipher, self._auth, self._salt = (
            _stream(key, int.from_bytes(salt, "big") ^ label << 48, size) for label, size in ((0, 16), (1, 20), (2, 14))
        )

    @classmethod
    def of(cls, body: bytes) -> "Key":
        """The key that an SDP gives for what its sender sends (RFC 4568)."""
        found = re.search(rf"a=crypto:\d+ {SUITE} inline:([A-Za-z0-9+/=]+)".encode(), body)
        assert found is not None, body
        return cls(base64.b64decode(found[1]))

    def line(self) -> str:
        return f"a=crypto:1 {SUITE} inline:{base64.b64encode(self.master).decode()}"

    def sealed(self, packet: bytes) -> bytes:
        """An RTP packet, encrypted and authenticated."""
        sealed = packet[:_HEAD] + self._turned(packet)
        return sealed + hmac.digest(self._auth, sealed + bytes(4), "sha1")[:_TAG]

    def opened(self, sealed: bytes) -> bytes:
        """What `sealed` made of it. Raises `ValueError` for what another key made."""
        packet, tag = sealed[:-_TAG], sealed[-_TAG:]
        if not hmac.compare_digest(hmac.digest(self._auth, packet + bytes(4), "sha1")[:_TAG], tag):
            raise ValueError("not of this key")
        return packet[:_HEAD] + self._turned(packet)

    def _turned(self, packet: bytes) -> bytes:
        number, ssrc = int.from_bytes(packet[2:4], "big"), int.from_bytes(packet[8:12], "big")
        block = int.from_bytes(self._salt, "big") ^ ssrc << 48 ^ number
        payload = packet[_HEAD:]
        return bytes(a ^ b for a, b in zip(payload, _stream(self._cipher, block, len(payload)), strict=True))


def _stream(key: bytes, block: int, size: int) -> bytes:
    """AES in counter mode (§4.1.1); `block` is the counter's upper 112 bits."""
    counter = (block << 16).to_bytes(16, "big")
    encryptor = Cipher(algorithms.AES(key), modes.CTR(counter)).encryptor()
    return encryptor.update(bytes(size)) + encryptor.finalize()
