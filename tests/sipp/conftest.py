"""The room of the SIPp scenarios: one edge for what looks at one closely, a few for playing all of them."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from sipp_scenarios.runner import Result, played
from sipp_scenarios.scenario import load
from tests.edge import Edge, running_edge

_PATIENCE = 100.0  # seconds: until the edges are up and all that is played before it is over


@pytest.fixture(scope="session")
def edge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Edge]:
    """The real stack, started once."""
    with running_edge(tmp_path_factory.mktemp("edge"), sip_tcp="yes") as edge:
        yield edge


class Results:
    """Scenarios being played by the runner, in a thread; each test waits for its own."""

    def __init__(self, names: list[str]) -> None:
        self._come: dict[str, Result] = {}
        self._failure: BaseException | None = None
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._run, args=(names,), name="scenarios")
        self._thread.start()

    def of(self, name: str) -> Result:
        """Wait for a scenario's result."""
        with self._changed:
            assert self._changed.wait_for(lambda: name in self._come or self._failure, _PATIENCE), f"{name} goes on"
            if self._failure is not None:
                raise self._failure
            return self._come[name]

    def close(self) -> None:
        """Return when the edges have ended."""
        self._thread.join()

    def _run(self, names: list[str]) -> None:
        try:
            for result in played([load(name) for name in names]):
                with self._changed:
                    self._come[result.thing.name] = result
                    self._changed.notify_all()
        except BaseException as wrong:
            with self._changed:
                self._failure = wrong
                self._changed.notify_all()


@pytest.fixture(scope="session")
def results(request: pytest.FixtureRequest) -> Iterator[Results]:
    """The scenarios that this session's tests ask for, played several at a time."""
    wanted = [
        str(item.callspec.params["name"])
        for item in request.session.items
        if item.path.parent == Path(__file__).parent  # elsewhere "results" is something else
        and isinstance(item, pytest.Function)
        and "results" in item.fixturenames
    ]
    results = Results(wanted)
    yield results
    results.close()
