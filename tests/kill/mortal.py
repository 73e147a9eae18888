"""`python -m tests.kill.mortal ledger|sender`: the real part; once, where an order lies in VAR_DIR/run, one that dies.

An order is a file `<part>.order` with the words for `tests.ledger_killed` or `tests.sms_killed`. It is obeyed once:
what the supervisor starts next is the real part again.
"""

import os
import runpy
import sys
from pathlib import Path
from typing import Final

REAL: Final = {"ledger": "kemi.ledger.writer", "sender": "sms.sender"}
DEADLY: Final = {"ledger": "tests.ledger_killed", "sender": "tests.sms_killed"}


def order_for(part: str, var_dir: Path) -> Path:
    """Return the file that an order for `part` lies in."""
    return var_dir / "run" / f"{part}.order"


def main() -> None:
    """Be the part that the command line names."""
    part = sys.argv[1]
    order = order_for(part, Path(os.environ["VAR_DIR"]))
    if not order.exists():
        sys.argv[1:] = []
        runpy.run_module(REAL[part], run_name="__main__", alter_sys=True)
        return
    words = order.read_text().split()
    order.unlink()
    if part == "sender":
        # One request at a time: the one that it dies of is then the only one under way, and of unknown fate.
        os.environ["SMS_THREADS"] = "1"
    sys.argv[1:] = words
    runpy.run_module(DEADLY[part], run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
