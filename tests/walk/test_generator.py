"""The stories: the same by the same seed, every carrier of identity in them, each party's words its own."""

from itertools import chain
from typing import get_args

from tests.walk import bodies, faces, planted
from tests.walk.acts import FORGERIES
from tests.walk.generator import story
from tests.walk.story import Outcome
from tests.walk.turned import WAYS

MANY = [story(5, number) for number in range(600)]
_ACTS = list(chain.from_iterable(each.acts for each in MANY))


def test_a_story_depends_on_seed_and_number_alone() -> None:
    """So any call of a walk can be played again."""
    assert story(5, 123) == MANY[123]
    assert story(6, 123) != MANY[123]


def test_every_carrier_of_identity_occurs() -> None:
    """Within as many stories as a short walk has."""
    seen = set(chain.from_iterable(each.kinds for each in MANY[:150]))
    assert seen >= planted.KINDS | faces.KINDS | bodies.SDP_KINDS | bodies.OTHER_KINDS


def test_every_outcome_occurs() -> None:
    assert {each.outcome for each in MANY} == set(get_args(Outcome))
    assert {each.why for each in MANY} >= set(WAYS)


def test_both_sides_do_everything_within_a_call() -> None:
    for side in ("caller", "member"):
        methods = {act.method for act in _ACTS if act.by == side}
        assert methods >= {"INVITE", "UPDATE", "INFO", "OPTIONS", "BYE", "MESSAGE", "REFER", "NOTIFY"}
        assert {act.forgery for act in _ACTS if act.by == side} >= set(FORGERIES)


def test_everybody_has_words_of_his_own() -> None:
    """What one party says is said by no other, in no call."""
    everybody = [each.words for each in MANY] + [leg.words for each in MANY for leg in each.legs]
    words = list(chain.from_iterable(everybody))
    assert len(words) == len(set(words)) > 10_000


def test_forms_that_mean_the_same_are_used() -> None:
    """Compact, folded, upper case, spaces before the colon, several lines."""
    lines = list(chain.from_iterable(each.invite.load.headers for each in MANY))
    names = {name for name, _ in lines}
    assert {"s", "k", "c", "x"} <= names
    assert any(name.endswith(" ") for name in names)
    assert any(name.isupper() and len(name) > 3 for name in names)
    assert any("\r\n" in value for _, value in lines)
