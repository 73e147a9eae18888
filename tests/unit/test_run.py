"""What `make run` says of the settings it runs by."""

from pathlib import Path

import pytest

from deploy import run
from deploy.ports import free_udp
from deploy.settings import FixedSettings, Settings


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """None of the settings is in it."""
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    return monkeypatch


def test_where_the_settings_come_from_is_said(environment: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The environment goes before the file, and is not called a default."""
    file = tmp_path / "edge.env"
    assert run.sources(file) == "defaults (edge.env.example says what can be set)"
    environment.setenv("SIP_LISTEN", "udp:127.0.0.1:5070")
    environment.setenv("LOG_LEVEL", "debug")
    assert run.sources(file) == "LOG_LEVEL and SIP_LISTEN of the environment, else defaults (edge.env.example)"
    file.touch()
    assert run.sources(file) == f"LOG_LEVEL and SIP_LISTEN of the environment, then {file}"
    environment.delenv("LOG_LEVEL")
    environment.delenv("SIP_LISTEN")
    assert run.sources(file) == str(file)


def test_a_misspelt_name_in_the_environment_is_told(environment: pytest.MonkeyPatch) -> None:
    """It is another program's perhaps, so nothing is refused."""
    environment.setenv("SIP_LISTN", "udp:127.0.0.1:5070")
    environment.setenv("PROVIDER_TOKEN", "x")
    assert list(run.doubts(FixedSettings(rtpengine="none"))) == [
        "SIP_LISTN in the environment is not a setting; is SIP_LISTEN meant?"
    ]


def test_an_rtpengine_that_does_not_answer_is_told() -> None:
    """Or the first to hear of it would be a caller, with a 503."""
    node = "udp:{}:{}".format(*free_udp("127.0.0.1"))
    (words,) = run.doubts(FixedSettings(rtpengine=f"{node}=2"))
    assert words == f"RTPENGINE={node}: it does not answer; where none does, new calls get 503 (trunk.without_media)"
