"""What the tests of the router on the fake Kamailio share."""

from collections.abc import Iterator

import pytest

from tests.fakes.world import World


@pytest.fixture
def world() -> Iterator[World]:
    """A world; at its end neither side has learnt anything of the other."""
    made = World()
    yield made
    leaks = made.leaks()
    assert not leaks, "leaks:\n" + "\n".join(str(each) for each in leaks)
