"""What cannot be read in a scenario's files is an error: an expectation that nobody reads is no expectation."""

from pathlib import Path
from typing import Any

import pydantic
import pytest
import yaml

from sipp_scenarios.scenario import ROOM, load, read
from tests.edge import BOB, CAROL


def described(folder: Path, **changes: Any) -> Path:
    """Scenario 01 written to `folder` with other keys; None leaves one out."""
    text = (ROOM / "01_a_member_answers" / "scenario.yml").read_text()
    keys = {key: value for key, value in (yaml.safe_load(text) | changes).items() if value is not None}
    (folder / "scenario.yml").write_text(yaml.safe_dump(keys))
    return folder


@pytest.mark.parametrize(
    "misspelt",
    [
        {"expects": {}},
        {"play": {"legs": 4, "leg": 4}},
        {"absent": {"gatewey": ["BYE"]}},
        {"given": {"caller": "trunk", "dialled": "02727777787", "SQL": ""}},
        {"expect": {"caller": [], "gateway": {}, "sms": {}, "log": [], "logs": []}},
        {
            "expect": {
                "caller": [],
                "gateway": {},
                "sms": {},
                "log": [],
                "ledger": {"outcome": "", "legs": {}, "by": ""},
            }
        },
    ],
)
def test_a_misspelt_key_is_an_error(tmp_path: Path, misspelt: dict[str, Any]) -> None:
    """Wherever it stands: an expectation that nobody reads is no expectation."""
    with pytest.raises(pydantic.ValidationError, match="Extra inputs are not permitted"):
        read(described(tmp_path, **misspelt))


@pytest.mark.parametrize("left_out", [{"summary": None}, {"expect": None}, {"play": {}}])
def test_a_missing_key_is_an_error(tmp_path: Path, left_out: dict[str, Any]) -> None:
    """What must be said has no default."""
    with pytest.raises(pydantic.ValidationError, match="Field required"):
        read(described(tmp_path, **left_out))


@pytest.mark.parametrize(
    ("line", "error"),
    [
        ('  <use fragment="caller_invites" />', FileNotFoundError),
        ("  <use fragment=caller_invite />", ValueError),
        ("  <!-- {{fifth}} -->", KeyError),
    ],
)
def test_an_unknown_name_in_the_xml_is_an_error(tmp_path: Path, line: str, error: type[Exception]) -> None:
    """A fragment that does not exist, a use that cannot be read, a value that nobody gives."""
    (tmp_path / "caller.xml").write_text(f"<scenario>\n{line}\n</scenario>\n")
    scenario = load("01").model_copy(update={"folder": tmp_path})
    with pytest.raises(error):
        scenario.xml("caller", first=BOB, second=CAROL)
