"""Kamailio's RPC over the datagram socket of jsonrpcs: one question, one answer."""

import contextlib
import itertools
import os
import socket
from pathlib import Path
from typing import Any, Final

import msgspec

_SECONDS: Final = 2.0  # for an answer
_LARGEST: Final = 65_536  # bytes; jsonrpcs sends no more


class Reply(msgspec.Struct):
    """An answer, or an error, to the question `id`."""

    id: int
    result: Any = None
    error: Any = None


class RpcError(Exception):
    """Kamailio does not answer, or says no."""


class Rpc:
    """A client of the socket at `server`; its own socket lies beside it, and is made when first needed."""

    def __init__(self, server: Path, name: str = "watch") -> None:
        """`name`: of this client; each has a socket of its own."""
        self._server = str(server)
        self._own = f"{server}.{name}"
        self._socket: socket.socket | None = None
        self._ids = itertools.count(os.getpid() << 16)

    def ask(self, method: str, *params: str | int) -> Any:
        """Return the result of `method`. Raises `RpcError`."""
        number = next(self._ids)
        question = {"jsonrpc": "2.0", "method": method, "params": params, "id": number}
        try:
            client = self._socket or self._open()
            client.sendto(msgspec.json.encode(question), self._server)
            while True:
                reply = msgspec.json.decode(client.recv(_LARGEST), type=Reply)
                if reply.id == number:  # else an answer that came too late for its question
                    break
        except (OSError, msgspec.DecodeError) as error:
            self.close()
            raise RpcError(f"{method}: {error}") from error
        if reply.error is not None:
            raise RpcError(f"{method}: {reply.error}")
        return reply.result

    def _open(self) -> socket.socket:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self._own)
        client = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        try:
            client.settimeout(_SECONDS)
            client.bind(self._own)
        except OSError:
            client.close()
            raise
        self._socket = client
        return client

    def close(self) -> None:
        """Close the socket; the next question opens one."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None
