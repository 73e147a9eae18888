"""Every scenario of sipp_scenarios/ comes out as its scenario.yml promises."""

import pytest
from typer.testing import CliRunner

from sipp_scenarios.run import app
from sipp_scenarios.scenario import ROOM, names
from tests.sipp.conftest import Results


@pytest.mark.parametrize("name", names())
def test_it_is_as_promised(name: str, results: Results) -> None:
    """Wire, ledger, SMS and log are as written, and nothing leaks."""
    found = results.of(name).problems
    assert not found, "\n".join(found)


def test_every_folder_is_a_scenario_with_a_number_of_its_own() -> None:
    """One without its scenario.yml would be left out in silence; of two 09 only one could be asked for."""
    folders = sorted(folder.name for folder in ROOM.glob("[0-9]*"))
    assert folders == names()
    assert len({name.partition("_")[0] for name in folders}) == len(folders) >= 75


def test_the_list_tells_them_without_playing() -> None:
    """`--list` shows every name and what happens in it."""
    listed = CliRunner().invoke(app, ["--list"])
    assert listed.exit_code == 0
    assert all(name in listed.output for name in names())
    assert "rings nobody" in listed.output


def test_an_unknown_name_is_said_with_the_known_ones() -> None:
    """Not a traceback; exit code 2, as for any wrong argument."""
    refused = CliRunner().invoke(app, ["99"])
    assert refused.exit_code == 2
    assert "no scenario 99" in refused.output
    assert "01_a_member_answers" in refused.output
