"""How a party writes his own address: From, Contact, Via, routes, Call-ID, in every form that is allowed."""

from typing import Final

from tests.sip.message import Header
from tests.walk.bodies import NONE, Body
from tests.walk.planted import dress, plant
from tests.walk.story import Face, Load
from tests.walk.words import Words

KINDS: Final = frozenset({
    "From display", "From parameters", "From tel", "To display", "To parameters", "Contact user", "Contact host",
    "Contact instance", "Contact gruu", "deeper Via", "Record-Route", "Call-ID", "tag",
})  # fmt: skip


def load(words: Words, *, in_request: bool, body: Body = NONE, most: int = 5) -> Load:
    """Return headers planted at random, with a body."""
    headers, kinds = plant(words, in_request=in_request, most=most)
    if body.content_type:
        headers = (*headers, dress(words.dice, words.dice.choice(["Content-Type", "c"]), body.content_type))
    return Load(headers, body, (*kinds, *body.kinds))


def face(words: Words, kinds: list[str], *, with_vias: bool) -> Face:
    """Return a party's addresses; `kinds` hears what they carry."""
    dice = words.dice
    vias = tuple(_via(words) for _ in range(dice.choice([0, 0, 1, 2, 3]) if with_vias else 0))
    routes = tuple(_route(words) for _ in range(dice.choice([0, 0, 0, 1])))
    via_list = bool(vias) and dice.random() < 0.3
    kinds += ["deeper Via, in a list" if via_list else "deeper Via"] * bool(vias) + ["Record-Route"] * bool(routes)
    return Face(contact(words, kinds, is_short=bool(routes)), routes, vias, via_list)


def contact(words: Words, kinds: list[str], *, is_short: bool) -> str:
    """Return a Contact value that a caller or a telephone can be reached by, and that fits a token."""
    dice = words.dice
    user = dice.choice([words.own, words.word()])
    host = dice.choice(
        [f"{words.word()}.example", words.address(), f"127.0.{dice.randrange(30, 99)}.{dice.randrange(1, 255)}"]
    )
    port = f":{dice.randrange(1025, 65000)}" if dice.random() < 0.5 else ""
    uri = f"sip:{user}@{host}{port}"
    kinds += ["Contact user", "Contact host"]
    if not is_short and dice.random() < 0.2:
        kinds.append("Contact gruu")
        uri += f";gr={words.word()}"
    value = f"<{uri}>"
    if dice.random() < 0.3:
        value = f'"{words.name()}" {value}'
    if dice.random() < 0.3:
        kinds.append("Contact instance")
        value += f';+sip.instance="<urn:uuid:{words.word()}>";expires=60'
    return value


def from_(words: Words, tag: str, kinds: list[str]) -> str:
    """Return a From value with `tag`."""
    dice = words.dice
    kinds.append("tag")
    form = dice.randrange(6)
    if form == 0:
        kinds.append("From tel")
        return f"<tel:+84{words.own[1:]};x={words.word()}>;tag={tag}"
    if form == 1:
        return f"sip:{words.own}@{words.host()};tag={tag}"
    uri = f"sip:{words.own}@{words.host()}"
    if form == 2:
        kinds.append("From parameters")
        return f"<{uri};user=phone;cpc={words.word()}>;{words.word()}={words.number().replace(' ', '')};tag={tag}"
    if form == 3:
        kinds.append("From parameters")
        return f'{words.word()} <{uri}>;x="{words.word()}, {words.word()}";TAG={tag};y={words.word()}'
    kinds.append("From display")
    return f'"{words.name()}" <{uri}>;tag={tag}'


def to_(words: Words, kinds: list[str]) -> tuple[str, str]:
    """Return what stands before and behind the To's URI."""
    form = words.dice.randrange(4)
    if form == 0:
        kinds.append("To display")
        return f'"{words.name()}" ', ""
    if form == 1:
        kinds.append("To parameters")
        return "", f";{words.word()}={words.word()}"
    return "", ""


def call_id(words: Words, kinds: list[str]) -> str:
    """Return a Call-ID: some telephones put their number and address there."""
    kinds.append("Call-ID")
    return words.dice.choice([
        f"{words.word()}@{words.address()}", f"{words.word()}{words.dice.randrange(10**6)}",
        f"{words.own}-{words.word()}",
    ])  # fmt: skip


def negotiated(words: Words) -> list[Header]:
    """Return headers that may pass: what SIP itself needs."""
    dice, lines = words.dice, [("Allow", "INVITE, ACK, CANCEL, BYE, UPDATE, PRACK, INFO, OPTIONS, REFER")]
    if dice.random() < 0.5:
        lines.append((dice.choice(["Supported", "k"]), "timer, replaces, 100rel"))
    if dice.random() < 0.4:
        lines.append((dice.choice(["Session-Expires", "x"]), dice.choice(["1800", "1800;refresher=uac"])))
        lines.append(("Min-SE", "90"))
    return lines


def _via(words: Words) -> str:
    port = f":{words.dice.randrange(1025, 65000)}"
    received = f";received=10.9.{words.dice.randrange(256)}.{words.dice.randrange(1, 255)}"
    return f"SIP/2.0/UDP {words.host()}{port};branch=z9hG4bK{words.word()}{received};rport=5060"


def _route(words: Words) -> str:
    return f"<sip:{words.word()}@10.{words.dice.randrange(256)}.7.{words.dice.randrange(1, 255)};lr>"
