"""What the tests of the router on the fake Kamailio share, and those of the tables."""

from collections.abc import Iterator

import psycopg2
import pytest
from psycopg2.extensions import connection

from tests.database import seeded_database
from tests.fakes.world import World


@pytest.fixture
def world() -> Iterator[World]:
    """A world; at its end neither side has learnt anything of the other."""
    made = World()
    yield made
    leaks = made.leaks()
    assert not leaks, "leaks:\n" + "\n".join(str(each) for each in leaks)


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """A database with the demo's company."""
    with seeded_database() as url:
        yield url


@pytest.fixture
def conn(url: str) -> Iterator[connection]:
    """A connection whose writes are rolled back."""
    conn = psycopg2.connect(url)
    yield conn
    conn.close()
