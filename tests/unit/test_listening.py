"""The tests' ears, tried on what is known."""

import math

from tests.listening import a_law, a_law_of, likeness, share, silence, sweep, tone


def test_a_part_of_a_sound_is_recognised_and_another_sound_is_not() -> None:
    source = sweep(1.0)
    assert likeness([one // 3 for one in source[3000:3800]], source) > 0.99
    assert likeness([*source[7700:], *source[:500]], source) > 0.99, "it begins anew at its end"
    assert likeness(list(reversed(source[3000:3800])), source) < 0.6
    assert likeness(silence(0.1), source) == 0


def test_a_tone_is_told_from_another_one() -> None:
    mixed = [one + other for one, other in zip(tone(440, 0.5), tone(1000, 0.5), strict=True)]
    assert share(tone(440, 0.5), 440) > 0.95
    assert share(tone(440, 0.5), 1000) < 0.01
    assert 0.4 < share(mixed, 1000) < 0.6
    assert share(silence(0.5), 440) == 0


def test_a_law_there_and_back_is_nearly_the_same() -> None:
    source = tone(700, 0.1)
    back = a_law(a_law_of(source))
    assert all(math.isclose(one, other, rel_tol=0.07, abs_tol=20) for one, other in zip(source, back, strict=True))
    assert a_law_of(a_law(bytes(range(256)))) == bytes(range(256))
