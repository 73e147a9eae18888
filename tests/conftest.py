"""What every test has: a recording of all its SIP messages, and the leak check over it when the test is over."""

import resource
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from tests.leaks import Sides, find_leaks
from tests.sip import Recording

# A process that runs thousands of tests keeps spools and connections open until it ends; Debian allows 1024 at first.
_MOST_FILES = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
resource.setrlimit(resource.RLIMIT_NOFILE, (min(_MOST_FILES, 65_536) if _MOST_FILES > 0 else 65_536, _MOST_FILES))

# The rooms with the longest files come first, so that no process waits for another's last; the others follow by
# name, one room after the other: a process that goes to another room and back starts that room's edge again.
_FIRST: Final = ("walk", "kill", "sipp")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the tests into the order that takes least time (with `--no-loadscope-reorder`, else xdist has its own)."""
    here = Path(__file__).parent

    def place(item: pytest.Item) -> int:
        room = item.path.relative_to(here).parts[0]
        return _FIRST.index(room) if room in _FIRST else len(_FIRST)

    items.sort(key=place)


@pytest.fixture
def sides() -> Sides:
    """Who is who on the wire; rooms with an edge of their own say more."""
    return Sides()


@pytest.fixture
def recording(sides: Sides) -> Iterator[Recording]:
    """Every message of the test. At its end: nothing of one side has reached the other."""
    recording = Recording()
    yield recording
    findings = find_leaks(recording.packets, sides)
    assert not findings, "leaks:\n" + "\n".join(str(each) for each in findings)
