"""What a token says, by kind, and how it is made to fit.

    ToCaller  is held by the gateway; requests to it go to the caller
    ToMember  is held by the caller; requests to it go to the member's leg

What does not fit into one URI is parted: the Contact keeps what may change, and a `Rest`, with what stays the same as
long as the dialog, goes into a Record-Route of ours, which the same side sends back as Route.
"""

from typing import Final, TypeAlias

import msgspec

from kemi import packing
from kemi.errors import TokenTooLong


class ToCaller(msgspec.Struct, frozen=True, array_like=True, tag=1, gc=False):
    """Held by the gateway; leads to the caller. `routes` is his route set."""

    call: bytes
    trunk: int
    gateway: int
    peer_ip: bytes  # whose token this is: the gateway's address, packed
    hop: bytes  # where the caller called from
    target: str
    routes: str
    tag: str
    call_id: str
    dialled: str
    uri: str  # the caller's From URI, for the To of requests that go to him; "" where it did not fit
    ways: bool | int = False

    @property
    def parted(self) -> bool:
        """Whether the rest of it is in a Record-Route."""
        return bool(self.ways & 1)

    @property
    def media(self) -> int:
        """How the call's voice goes (`kemi.domain.media`)."""
        return self.ways >> 1


class ToMember(msgspec.Struct, frozen=True, array_like=True, tag=2, gc=False):
    """Held by the caller; leads to one leg. `near_routes` is the caller's own route set."""

    call: bytes
    trunk: int
    gateway: int
    peer_ip: bytes  # whose token this is: the address the caller called from
    hop: bytes  # where the leg's INVITE was answered from
    leg: str  # the last two letters of the leg's Call-ID
    target: str
    routes: str
    dialled: str
    uri: str  # the outbound number as the gateway knows it, for the From of requests that go to it
    near_routes: str | None  # None where it did not fit
    dialog: bytes  # what `dialog_mark` gave for the caller's Call-ID and both tags
    held: bool = False  # the gateway has the caller's side in its Route, `near_routes` with it
    ways: bool | int = False

    @property
    def parted(self) -> bool:
        """Whether the rest of it is in a Record-Route."""
        return bool(self.ways & 1)

    @property
    def media(self) -> int:
        """How the call's voice goes (`kemi.domain.media`)."""
        return self.ways >> 1


class Rest(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What stays the same as long as the dialog, of a token that is parted; its fields are the token's."""

    routes: str
    dialled: str
    uri: str
    tag: str = ""
    call_id: str = ""
    near_routes: str | None = ""


Token: TypeAlias = ToCaller | ToMember
_encode: Final = msgspec.msgpack.Encoder().encode


def ways(media: int) -> bool | int:
    """Return a token's `ways`: one byte for both, and for a direct call's what it was when there were no others."""
    return media << 1 if media else False


decode: Final = msgspec.msgpack.Decoder(Token).decode
decode_rest: Final = msgspec.msgpack.Decoder(Rest).decode


def parted(token: Token) -> tuple[Token, Rest]:
    """Return a token without what stays the same, and that."""
    change = msgspec.structs.replace
    if isinstance(token, ToCaller):
        rest = Rest(token.routes, token.dialled, token.uri, token.tag, token.call_id)
        return change(token, routes="", dialled="", uri="", tag="", call_id="", ways=token.ways | True), rest
    rest = Rest(token.routes, token.dialled, token.uri, near_routes=token.near_routes)
    return change(token, routes="", dialled="", uri="", near_routes="", ways=token.ways | True), rest


def joined(token: Token, rest: Rest) -> Token:
    """Return what `parted` made two of; it says still that it was."""
    change = msgspec.structs.replace
    routes, dialled, uri = rest.routes, rest.dialled, rest.uri
    if isinstance(token, ToCaller):
        return change(token, routes=routes, dialled=dialled, uri=uri, tag=rest.tag, call_id=rest.call_id)
    return change(token, routes=routes, dialled=dialled, uri=uri, near_routes=rest.near_routes)


def padded(token: Token | Rest, buckets: tuple[int, ...]) -> bytes:
    """Return form, length and bytes of a token, padded to one of `buckets`. Raises `TokenTooLong`."""
    room = buckets[-1] - 2
    body, form = _encode(token), packing.PLAIN
    of_caller = isinstance(token, ToCaller) or (isinstance(token, Rest) and token.tag)
    if len(body) > room and of_caller:
        # Shrinking costs 25 µs and this URI is only a courtesy (dialogs match by tags): it goes first.
        body = _encode(msgspec.structs.replace(token, uri=""))
    if len(body) > room:
        form, body = packing.shrink(body)
    if len(body) > room and isinstance(token, Rest) and token.near_routes:
        # Needed only where the caller moves without saying his route set again; that request is then refused.
        form, body = packing.shrink(_encode(msgspec.structs.replace(token, near_routes=None)))
    for size in buckets:
        if len(body) + 2 <= size:
            return bytes((form, len(body))) + body.ljust(size - 2, b"\0")
    raise TokenTooLong(f"{len(body)} bytes of far side, {room} fit into a Contact")
