"""Calls that must not ring anybody: broken, oversized, misdirected, or no SIP at all."""

from collections.abc import Callable
from dataclasses import replace
from typing import Final, TypeAlias

from tests.walk.story import Face, Invite, Load, Story
from tests.walk.words import Words

NO_SUCH_HOTLINE: Final = "02899990000"
NO_GROUP: Final = "02899990001"
Turn: TypeAlias = Callable[[Words, Invite], Invite]


def _contact(invite: Invite, value: str) -> Invite:
    return replace(invite, face=replace(invite.face, contact=value))


def _alone(invite: Invite, value: str) -> Invite:
    """A Contact without a route set: behind one, it is the last proxy's to understand."""
    return replace(invite, face=replace(invite.face, contact=value, routes=()))


def _with(invite: Invite, *headers: tuple[str, str]) -> Invite:
    return replace(invite, load=replace(invite.load, headers=(*invite.load.headers, *headers)))


def _long_routes(words: Words, invite: Invite) -> Invite:
    routes = tuple(f"<sip:{words.word()}{words.word()}@{words.word()}.{words.word()}.example;lr>" for _ in range(9))
    return replace(invite, face=replace(invite.face, routes=routes))


def _broken_via(words: Words, invite: Invite) -> Invite:
    return replace(invite, face=replace(invite.face, vias=(f"SIP/2.0/UDP {words.word()}\xff;branch=z9hG4bKx",)))


def _long(words: Words) -> str:
    return "".join(words.word() for _ in range(40))


WAYS: Final[dict[str, tuple[tuple[int, ...], Turn]]] = {
    "From that is not UTF-8": ((400,), lambda w, i: replace(i, from_=f'"{w.word()}\xff" <sip:x@x>;tag={i.tag}')),
    "From without a tag": ((400,), lambda w, i: replace(i, from_=f"<sip:{w.own}@{w.word()}.example>")),
    "From without an end": ((400,), lambda w, i: replace(i, from_=f"<sip:{w.own}@{w.word()}.example;tag={i.tag}")),
    "no Contact": ((400,), lambda _, i: _contact(i, "")),
    "a Contact without an end": ((400,), lambda w, i: _contact(i, f"<sip:{w.word()}@{w.host()}")),
    "a Contact that is no sip URI": ((400,), lambda w, i: _alone(i, f"<tel:{w.own}>")),
    "a Contact that is not UTF-8": ((400,), lambda w, i: _contact(i, f'"{w.word()}\xc3\x28" <sip:{w.own}@x>')),
    "an oversized Contact": ((513, 400), lambda w, i: _contact(i, f"<sip:{_long(w)}@{w.host()}>")),
    "oversized Record-Routes": ((513,), _long_routes),
    "a Via that is not UTF-8": ((400,), _broken_via),
    "an unknown extension": ((420,), lambda w, i: _with(i, ("Require", w.word()))),
    "no hops left": ((483,), lambda _, i: replace(i, max_forwards=0)),
    "no such hotline": ((404,), lambda _, i: replace(i, dialled=NO_SUCH_HOTLINE)),
    "a hotline without a group": ((480,), lambda _, i: replace(i, dialled=NO_GROUP)),
    "not a telephone number": ((404,), lambda w, i: replace(i, dialled=w.word())),
    "a stranger's": ((403,), lambda _, i: replace(i, by_stranger=True)),
    "BYE of no call": ((481, 405), lambda _, i: replace(i, method="BYE")),
    "MESSAGE of no call": ((405,), lambda _, i: replace(i, method="MESSAGE")),
    "REFER of no call": ((405,), lambda _, i: replace(i, method="REFER")),
    "SDP without o=": ((400,), lambda w, i: _body(w, i, b"v=0\r\ns=-\r\nc=IN IP4 127.0.0.9\r\nt=0 0\r\n")),
    "SDP that cannot be read": ((400,), lambda w, i: _body(w, i, b"v=0\r\no=- 1 1 IN IP4 x\r\nm=audio x\r\n")),
}  # fmt: skip


def _body(words: Words, invite: Invite, sdp: bytes) -> Invite:
    body = sdp + f"i={words.word()}\r\n".encode()
    headers = tuple(line for line in invite.load.headers if line[0].lower().strip() not in {"content-type", "c"})
    kind = invite.load.body._replace(content=body, content_type="application/sdp")
    return replace(invite, load=Load((*headers, ("Content-Type", "application/sdp")), kind, invite.load.kinds))


def away(number: int, invite: Invite, words: Words, kinds: list[str]) -> Story:
    """Return a call that must be turned away, in one of the ways."""
    why = words.dice.choice(sorted(WAYS))
    codes, turn = WAYS[why]
    turned = turn(words, invite)
    planted = frozenset((*kinds, *invite.load.kinds))
    return Story(number, "turned away", turned, (), refused=codes, why=why, words=tuple(words.words),
                 tails=tuple(words.tails), kinds=planted)  # fmt: skip


def noise(number: int, invite: Invite, words: Words) -> Story:
    """Return bytes that are no SIP, or too little of it; nothing comes of them, or a refusal."""
    secret = words.word().encode()
    raw = words.dice.choice([
        b"\x00\x01" + secret, b"INVITE " + secret + b"\r\n\r\n", b"SIP/2.0 200 " + secret + b"\r\nVia: x\r\n\r\n",
        b"INVITE sip:" + secret + b"@127.0.0.1 SIP/2.0\r\nFrom: <sip:" + words.own.encode() + b"@x>;tag=1\r\n\r\n",
        bytes(words.dice.randrange(256) for _ in range(200)) + secret,
    ])  # fmt: skip
    return Story(number, "not SIP", replace(invite, face=Face("")), (), why="no SIP", raw=raw, words=tuple(words.words),
                 tails=tuple(words.tails))  # fmt: skip
