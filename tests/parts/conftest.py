"""The room of the parts: a database of its own, the SMS sender's room."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.sms_room import SmsRoom, sms_room


@pytest.fixture
def room(tmp_path: Path) -> Iterator[SmsRoom]:
    """A database with one tenant, its provider a sink, and senders to be started."""
    with sms_room(tmp_path) as room:
        yield room
