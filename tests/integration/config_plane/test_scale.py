"""`make bench-config` from end to end, at a size that takes a moment."""

from tests.scale.figures import Figure, over_budget
from tests.scale.measure import measured
from tests.scale.world import MEMBERS


def test_a_small_configuration_is_measured() -> None:
    """Each part says that it is done, and what is a fact at any size is as promised."""
    heard: dict[str, int] = {}
    found: Figure = measured(60, 200, 3, lambda what, done, _of: heard.update({what: done}))
    assert heard["rows"] == 60
    assert heard["build"] > 120
    assert heard["changes"] == 3
    assert found.members == 60 * MEMBERS
    assert found.table_mib > 0
    assert set(found.arrival) == {"member", "group", "hotline"}
    assert [each for each in over_budget(found) if "lookup" not in each] == []


def test_one_changed_row_recompiles_one_record_of_a_kind() -> None:
    """Nothing that others share leads to all who share it: not a plan, not a tenant, not a gateway."""
    found = measured(60, 200, 1, lambda *_: None).recompiled
    assert {kind: each.records for kind, each in found.items()} == {
        "member": {"group": 1},
        "group": {"group": 1},
        "hotline": {"hotline": 1},
        "gateway": {"gateway": 1},
        "plan": {"plan": 1},
        "tenant": {"tenant": 1},
        "number of a gateway": {"hotline": 1, "group": 1},
        "special day": {"hotline": 1},
        "hours of a member": {"group": 1},
    }
    assert all(1 <= each.written <= 2 for each in found.values())
