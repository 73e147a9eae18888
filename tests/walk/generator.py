"""Stories of calls out of a seed: the same seed and number tell the same story, whatever was told before."""

from dataclasses import replace
from itertools import chain
from random import Random
from typing import Final

from tests.walk import acts, bodies, faces, turned
from tests.walk.story import LEGS, Invite, LegStory, Load, Outcome, Reply, Story
from tests.walk.words import CALLER, MEMBER, Words

_CHANCES: Final[dict[Outcome, int]] = {
    "answered": 54, "answered twice": 4, "answered as cancelled": 3, "cancelled unheard": 4, "cancelled ringing": 9,
    "all refuse": 9, "no answer": 1, "answered too late": 1, "answered unreadably": 2, "turned away": 12, "not SIP": 1,
}  # fmt: skip
_REFUSALS: Final = (301, 302, 305, 380, 401, 403, 404, 407, 410, 420, 480, 480, 484, 486, 486, 488, 500, 503, 504, 600,
                    603, 603, 604, 606, 607, 699)  # fmt: skip


def story(seed: int, number: int) -> Story:
    """Tell the story of call `number`."""
    dice = Random(f"{seed}/{number}")
    [outcome] = dice.choices(list(_CHANCES), list(_CHANCES.values()))
    caller = Words(dice, CALLER)
    kinds: list[str] = []
    invite = _invite(caller, kinds)
    members = [Words(dice, MEMBER) for _ in range(LEGS)]
    if outcome == "turned away":
        return turned.away(number, invite, caller, kinds)
    if outcome == "not SIP":
        return turned.noise(number, invite, caller)
    legs = _legs(dice, outcome, members, kinds, reliable=invite.reliable)
    winner = next((at for at, leg in enumerate(legs) if _answers(leg)), 0)
    talk = acts.Talk(caller, members[winner])
    is_talk = outcome in {"answered", "answered twice"}
    done, bye = talk.acts(5) if is_talk else (), talk.bye()
    cancel_after = None
    if outcome in {"cancelled ringing", "answered as cancelled"}:
        cancel_after = dice.uniform(0.15, 0.4)
    elif outcome == "cancelled unheard":
        cancel_after = dice.choice([0.0, 0.02, 0.05])
    cancel = faces.load(caller, in_request=True)
    planted = chain(kinds, invite.load.kinds, cancel.kinds, *(_said(leg) for leg in legs),
                    *((*act.load.kinds, *act.reply.load.kinds) for act in done))  # fmt: skip
    return Story(
        number, outcome, invite,
        tuple(_closed(leg, words) for leg, words in zip(legs, members, strict=True)),
        done, bye, cancel_after, cancel, faces.load(caller, in_request=True),
        words=tuple(caller.words), tails=tuple(caller.tails), kinds=frozenset(planted),
    )  # fmt: skip


def _invite(words: Words, kinds: list[str]) -> Invite:
    dice = words.dice
    tag, reliable, withheld = words.word(), dice.random() < 0.12, dice.random() < 0.08
    body = bodies.sdp(words, 1)
    if dice.random() < 0.15:
        body = bodies.multipart(words, body)
    elif dice.random() < 0.05:
        body = bodies.text(words)
    said = faces.load(words, in_request=True, body=body, most=9)
    extra = [("Require", "100rel")] if reliable else []
    extra += [("Privacy", dice.choice(["id", "user;id", "header, critical"]))] if withheld else []
    shown = faces.from_(words, tag, kinds)
    name, parameters = faces.to_(words, kinds)
    load = Load((*faces.negotiated(words), *extra, *said.headers), said.body, said.kinds)
    return Invite(
        faces.face(words, kinds, with_vias=True), shown, tag, name, parameters, faces.call_id(words, kinds), load,
        reliable=reliable, withheld=withheld, copies=dice.choice((1, 1, 1, 1, 2, 3)),
    )  # fmt: skip


def _legs(dice: Random, outcome: Outcome, members: list[Words], kinds: list[str], *, reliable: bool) -> list[LegStory]:
    legs = [_leg(words, kinds, reliable=reliable) for words in members]
    first, second, *_ = dice.sample(range(LEGS), LEGS)
    if outcome in {"answered", "answered twice", "answered unreadably"}:
        after = dice.uniform(0.1, 0.35)
        legs[first] = _with_final(members[first], legs[first], 200, after)
        if outcome == "answered twice":
            legs[second] = _with_final(members[second], legs[second], 200, after + dice.choice((0, 0.001, 0.003)))
            legs[second] = _deaf(legs[second])
        elif dice.random() < 0.2:  # its first sign of life crosses the answer (kemi/decisions/0049)
            ring = after + dice.choice((0, 0.001)), Reply(180, acts.reason(members[second], 180))
            legs[second] = replace(legs[second], rings=(ring,), says_trying=False)
        if outcome == "answered unreadably":
            legs[first] = _unreadable(members[first], legs[first])
    elif outcome in {"answered as cancelled", "answered too late"}:
        after = 0.5 if outcome == "answered as cancelled" else 5.0
        legs[first] = _deaf(_with_final(members[first], legs[first], 200, after))
    elif outcome == "all refuse":
        return [_with_final(words, leg, dice.choice(_REFUSALS), dice.uniform(0.0, 0.4))
                for words, leg in zip(members, legs, strict=True)]  # fmt: skip
    for at, leg in enumerate(legs):
        # A silent telephone keeps the hunt open until tm's own timer: no answer is too late before it fires.
        if leg.final is None and outcome != "answered too late" and dice.random() < 0.03:
            legs[at] = replace(leg, is_silent=True, rings=())
        elif leg.final is None and dice.random() < 0.25 and not (outcome.startswith("cancelled") and at == first):
            legs[at] = _with_final(members[at], leg, dice.choice(_REFUSALS), dice.uniform(0.0, 0.3))
    return legs


def _leg(words: Words, kinds: list[str], *, reliable: bool) -> LegStory:
    dice, rings = words.dice, []
    for _ in range(dice.choice((0, 1, 1, 1, 2))):
        code = dice.choice((180, 180, 180, 183, 183, 181, 182))
        body = bodies.sdp(words, 1) if code == 183 else bodies.NONE
        load = faces.load(words, in_request=False, body=body, most=4)
        is_reliable = reliable and dice.random() < 0.7
        rings.append((dice.uniform(0.0, 0.08), Reply(code, acts.reason(words, code), load, is_reliable)))
    face = faces.face(words, kinds, with_vias=False)
    gone = Reply(487, acts.reason(words, 487), faces.load(words, in_request=False, most=3))
    return LegStory(face, tuple(sorted(rings, key=lambda ring: ring[0])), None, 0.0, gone)


def _with_final(words: Words, leg: LegStory, code: int, after: float) -> LegStory:
    body = bodies.sdp(words, 2) if code == 200 else words.dice.choice([bodies.NONE, bodies.text(words)])
    said = faces.load(words, in_request=False, body=body)
    extra = faces.negotiated(words) if code == 200 else []
    if 300 <= code < 400:
        extra += [("Contact", f"<{words.uri()}>;q=0.5, <{words.uri()}>")]
    reply = Reply(code, acts.reason(words, code), Load((*extra, *said.headers), said.body, said.kinds))
    return replace(leg, final=reply, final_after=after)


def _deaf(leg: LegStory) -> LegStory:
    return replace(leg, is_deaf=True)


def _unreadable(words: Words, leg: LegStory) -> LegStory:
    """A 200 that cannot be masked: the telephone must be hung up, and the others go on."""
    contact = words.dice.choice([
        f'"{words.word()}\xff\xfe" <sip:{words.word()}@{words.host()}>', f"<sip:{words.word()}@",
        f"<sip:{''.join(words.word() for _ in range(40))}@{words.host()}>",
    ])  # fmt: skip
    return replace(leg, face=replace(leg.face, contact=contact), is_deaf=True)


def _answers(leg: LegStory) -> bool:
    return leg.final is not None and leg.final.code == 200


def _said(leg: LegStory) -> list[str]:
    said = [reply.load for _, reply in leg.rings] + ([leg.final.load] if leg.final else [])
    return [kind for load in said for kind in load.kinds]


def _closed(leg: LegStory, words: Words) -> LegStory:
    """The leg with all that its member has come to say by now."""
    return replace(leg, words=tuple(words.words), tails=tuple(words.tails))
