"""Percentiles by the nearest rank: each is a sample that was really seen."""

from collections.abc import Sequence


def percentiles(samples: Sequence[float], *percents: int) -> tuple[float, ...]:
    """Return the least sample that so many percent of all are not above, for each of `percents`.

    Raises `ValueError` of no samples.
    """
    if not samples:
        raise ValueError("no samples")
    ordered = sorted(samples)
    return tuple(ordered[-(-percent * len(ordered) // 100) - 1] for percent in percents)
