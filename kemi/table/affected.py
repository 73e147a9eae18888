"""Which records depend on changed rows: what the compiler has to look at anew, and nothing else."""

from collections.abc import Iterable
from typing import NamedTuple

from kemi.table import rows as sizes
from kemi.table.rows import Change, Rows


class Affected(NamedTuple):
    """The ids and numbers of records to compile; `trunks` stand for all of their addresses."""

    plans: list[int]
    tenants: list[int]
    gateways: list[int]
    trunks: list[int]
    groups: list[int]
    numbers: list[str]

    @property
    def is_long(self) -> bool:
        """Whether it takes so long that other changes should not wait for its end."""
        return max(len(self.tenants), len(self.groups), len(self.numbers)) > sizes.PAGE


def affected(rows: Rows, changes: Iterable[Change]) -> Affected:
    """Ask the database what depends on these changes."""
    keys: dict[str, list[int]] = {}
    for change in changes:
        keys.setdefault(change.kind, []).append(change.key)
    numbers = [f"+{digits}" for digits in keys.get("number", ())]
    groups, members, hotlines = (keys.get(kind, []) for kind in ("external_group", "member", "hotline"))
    return Affected(
        keys.get("plan", []),
        keys.get("tenant", []),
        keys.get("gateway", []),
        keys.get("trunk", []),
        rows.affected_groups(groups, numbers, members) if groups or numbers or members else [],
        rows.affected_numbers(numbers, hotlines) if numbers or hotlines else [],
    )
