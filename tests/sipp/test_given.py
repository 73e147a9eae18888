"""What a scenario has made of the configuration is taken back when it is over."""

import pytest

from sipp_scenarios.given import configured
from sipp_scenarios.scenario import load
from tests.edge import Edge

_TABLES = (
    "plan", "hotline", "hotline_slot", "hotline_special_day", "external_group", "group_member", "gateway",
    "gateway_number", "gateway_prefix",
)  # fmt: skip


@pytest.mark.parametrize("name", ["28", "30", "36"])
def test_what_a_scenario_has_changed_is_taken_back(edge: Edge, name: str) -> None:
    """Gateways, groups and schedules, plans: as the seed has them, in the workers' table, too."""
    before = configuration(edge)
    with configured(load(name), edge, second_port=5060):
        assert configuration(edge) != before
    assert configuration(edge) == before
    group = edge.table.group_of("+842727777787")
    assert group is not None
    assert len(group.members) == 4


def configuration(edge: Edge) -> list[str]:
    """Every row of every table that a scenario may change, without its keys."""
    keys = "'{id,group_id,hotline_id,gateway_id,external_group_id,outbound_hotline_id}'::text[]"
    queries = (f"select '{table}', (to_jsonb(t) - {keys})::text as row from {table} t" for table in _TABLES)  # noqa: S608
    return sorted(str(row) for row in edge.ledger.rows(" union all ".join(queries)))
