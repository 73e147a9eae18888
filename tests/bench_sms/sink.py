"""The provider's process, and what it has seen."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple


class Seen(NamedTuple):
    """A request as it came."""

    at: float
    notification: int
    caller: str


class Sink:
    """A provider that runs."""

    def __init__(self, url: str, file: Path) -> None:
        self.url, self._file = url, file

    def seen(self) -> list[Seen]:
        """Every request so far, oldest first; a line that is being written is not among them."""
        whole = self._file.read_text().rpartition("\n")[0]
        parts = (line.split() for line in whole.splitlines())
        return sorted(Seen(float(at), int(name), caller) for at, name, caller in parts)


@contextmanager
def running_sink(folder: Path, latency: float) -> Iterator[Sink]:
    """Run a provider until the end of the block."""
    file = folder / "seen.txt"
    file.touch()
    command = [sys.executable, "-m", "tests.bench_sms.provider", str(latency), str(file)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield Sink(f"http://127.0.0.1:{int(process.stdout.readline())}/send", file)
        finally:
            process.kill()
