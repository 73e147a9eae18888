"""What SIPp counts of itself (`-trace_stat`): its calls, those that failed, what it sent again."""

import csv
import io
from typing import NamedTuple


class Counts(NamedTuple):
    """One SIPp's calls; failed is what did not end well, for whatever reason.

    `rate` is how many a second it began, until it had begun nearly all: the line that has them all may be late.
    """

    calls: int
    failed: int
    retransmissions: int
    rate: float


def parse(text: str) -> Counts:
    """Read a statistics file; its last line counts. Raises `ValueError` where it holds none."""
    rows = list(csv.DictReader(io.StringIO(text), delimiter=";"))
    if not rows:
        raise ValueError("SIPp has written no statistics")
    last = rows[-1]
    calls = int(last["TotalCallCreated"])
    all_begun = next(row for row in rows if int(row["TotalCallCreated"]) == calls)
    seconds = _epoch(all_begun["CurrentTime"]) - _epoch(last["StartTime"])
    rate = calls / seconds if seconds > 0 else 0.0
    going = [row for row in rows if 0 < int(row["TotalCallCreated"]) < calls]
    if going and (span := _epoch(going[-1]["CurrentTime"]) - _epoch(going[0]["CurrentTime"])) > 0:
        rate = (int(going[-1]["TotalCallCreated"]) - int(going[0]["TotalCallCreated"])) / span
    return Counts(calls, calls - int(last["SuccessfulCall(C)"]), int(last["Retransmissions(C)"]), rate)


def _epoch(column: str) -> float:
    return float(column.rpartition("\t")[2])  # date, time of day, seconds since 1970
