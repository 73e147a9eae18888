"""What an operator should know of a compilation: the first few in words, the rest by their number."""

import logging
from typing import Final

_SHOWN: Final = 20

log = logging.getLogger("table")


class Problems:
    """Problems as they are found; kept are no more than are told."""

    def __init__(self) -> None:
        self._shown: list[str] = []
        self._count = 0

    def add(self, problems: list[str]) -> None:
        """Take some more."""
        self._count += len(problems)
        self._shown += problems[: _SHOWN - len(self._shown)]

    def tell(self) -> None:
        """Write them to the log."""
        for problem in self._shown:
            log.warning("%s", problem)
        if self._count > _SHOWN:
            log.warning("and %d problems more", self._count - _SHOWN)
