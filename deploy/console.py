"""Where people read."""

import sys

from rich.console import Console

_WIDTH = 126  # characters: a ladder with four members; rich would cut it to 80 in a pipe


def wide_console(*, stderr: bool = False) -> Console:
    """Return a console that is at least as wide as a ladder; a narrower terminal folds the lines itself."""
    file = sys.stderr if stderr else sys.stdout
    return Console(file=file, width=max(Console(file=file).width, _WIDTH), highlight=False)
