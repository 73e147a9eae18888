"""The room of the SIPp scenarios: one edge for all of them."""

from collections.abc import Iterator

import pytest

from tests.edge import Edge, running_edge


@pytest.fixture(scope="session")
def edge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Edge]:
    """The real stack, started once."""
    with running_edge(tmp_path_factory.mktemp("edge")) as edge:
        yield edge
