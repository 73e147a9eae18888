"""The Zalo token is renewed in time, and the refresh token, which is good once, is never lost by us."""

import json
import os
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import parse_qs

import pytest

from sms.zalo_token import TokenError, renew
from tests.sms_apis import Answer, ApiServer, Asked, Taken


def oauth(asked: Asked, taken: list[Taken]) -> Answer:
    """Each refresh token is good once; the next one is its number plus one."""
    fields = {name: values[0] for name, values in parse_qs(asked.body.decode(), strict_parsing=True).items()}
    if asked.headers.get("secret_key") != "app-s3cret" or fields["app_id"] != "4711":
        return Answer(200, json.dumps({"error": -14002, "error_name": "Invalid app id"}))
    if fields["grant_type"] != "refresh_token" or fields["refresh_token"] != f"refresh-{len(taken)}":
        return Answer(200, json.dumps({"error": -14014, "error_name": "Invalid refresh token"}))
    taken.append(Taken("", "", "", fields["refresh_token"]))
    tokens = {"access_token": f"access-{len(taken)}", "refresh_token": f"refresh-{len(taken)}", "expires_in": "90000"}
    return Answer(200, json.dumps(tokens))


@pytest.fixture
def server() -> Iterator[ApiServer]:
    with ApiServer(oauth) as server:
        yield server


@pytest.fixture
def env(tmp_path: Path, server: ApiServer) -> dict[str, str]:
    (tmp_path / "zalo_secret_key").write_text("app-s3cret\n")
    (tmp_path / "zalo_refresh_token").write_text("refresh-0\n")
    return {"SECRETS_DIR": str(tmp_path), "ZALO_APP_ID": "4711", "ZALO_TOKEN_URL": server.url + "/v4/oa/access_token"}


def secrets(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text().strip() for path in folder.iterdir()}


def test_each_time_both_tokens_are_new_and_nothing_else_is_left(tmp_path: Path, env: dict[str, str]) -> None:
    (tmp_path / "zalo_access_token").write_text("old")
    (tmp_path / "zalo_access_token").chmod(0o640)
    for turn in (1, 2, 3):
        renew(env)
        assert secrets(tmp_path) == {
            "zalo_secret_key": "app-s3cret",
            "zalo_refresh_token": f"refresh-{turn}",
            "zalo_access_token": f"access-{turn}",
        }
    assert stat.S_IMODE((tmp_path / "zalo_access_token").stat().st_mode) == 0o640


def test_a_token_that_nobody_had_is_for_its_owner_alone(tmp_path: Path, env: dict[str, str]) -> None:
    renew(env)
    assert stat.S_IMODE((tmp_path / "zalo_access_token").stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("happens", "why"),
    [
        (lambda server: server.answers(Answer(200, '{"error": -14014}')), "Zalo refused: error -14014"),
        (lambda server: server.answers(Answer(200, '{"access_token": "a"}')), "Zalo refused: error None"),
        (lambda server: server.answers(Answer(502, "<html>")), "Zalo answered 502, and no JSON"),
        (lambda server: server.answers(Answer(200, "[]")), "no object"),
        (lambda server: server.cuts(-1), "Zalo did not answer: ConnectionError"),
    ],
)
def test_where_none_comes_the_old_ones_stay(
    tmp_path: Path, env: dict[str, str], server: ApiServer, happens: Callable[[ApiServer], None], why: str
) -> None:
    before = secrets(tmp_path)
    happens(server)
    with pytest.raises(TokenError, match=why):
        renew(env)
    assert secrets(tmp_path) == before


@pytest.mark.parametrize("missing", ["SECRETS_DIR", "ZALO_APP_ID", "zalo_secret_key", "zalo_refresh_token"])
def test_what_is_missing_is_said_before_a_token_is_used_up(
    tmp_path: Path, env: dict[str, str], server: ApiServer, missing: str
) -> None:
    if env.pop(missing, None) is None:
        (tmp_path / missing).unlink()
    with pytest.raises(TokenError, match=missing):
        renew(env)
    assert server.asked == []


def test_the_command_says_why_and_no_secret(env: dict[str, str], server: ApiServer) -> None:
    server.answers(Answer(200, '{"error": -14014, "error_description": "refresh-0 is over"}'))
    command = [sys.executable, "-m", "sms.zalo_token"]
    failed = subprocess.run(command, env={**os.environ, **env}, capture_output=True, text=True, check=False)
    done = subprocess.run(command, env={**os.environ, **env}, capture_output=True, text=True, check=False)
    assert (failed.returncode, done.returncode) == (1, 0)
    assert failed.stderr == "Zalo refused: error -14014; log the account in again if this stays\n"
    assert done.stderr == ""
