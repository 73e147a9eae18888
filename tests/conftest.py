"""What every test has: a recording of all its SIP messages, and the leak check over it when the test is over."""

import resource
from collections.abc import Iterator

import pytest

from tests.leaks import Sides, find_leaks
from tests.sip import Recording

# A process that runs thousands of tests keeps spools and connections open until it ends; Debian allows 1024 at first.
_MOST_FILES = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
resource.setrlimit(resource.RLIMIT_NOFILE, (min(_MOST_FILES, 65_536) if _MOST_FILES > 0 else 65_536, _MOST_FILES))


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
