"""Settings: every bad value is refused at once and in words; nothing is guessed."""

import os
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploy.settings import ROOT, FixedSettings, load
from kemi.errors import SettingsRefused
from sms.options import Options

BAD = {
    "SIP_LISTEN": "tcp:192.0.2.1:5060",
    "SIP_ADVERTISE": "192.0.2.1",
    "SIP_TCP": "maybe",
    "DATABASE_URL": "mysql://edge:hunter2@db/edge",
    "VAR_DIR": "var",
    "EDGE_KEY": "1:hunter2",
    "NODE_NAME": "Edge One",
    "SIP_WORKERS": "none",
    "MAX_CALL_SECONDS": "1",
    "INTERRUPTED_GRACE_SECONDS": "-1",
    "RTPENGINE": "udp:127.0.0.1:2223 tcp:127.0.0.1:2224",
    "RTPENGINE_WAIT_MS": "0",
    "RTPENGINE_REDIS": "secret@localhost:6379/5",
    "RTP_ADDRESS": "media.example.net",
    "RTP_PORTS": "20000",
    "SPOOL_KEEP_DAYS": "0",
    "UNOWNED_KEEP_DAYS": "0",
    "SMS_POLL_SECONDS": "often",
    "SMS_LEASE_SECONDS": "0",
    "SMS_GIVE_UP_SECONDS": "-5",
    "SMS_THREADS": "1.5",
    "RECEIPTS_LISTEN": "receipts.example.net:8470",
    "RECEIPTS_URL": "sms.example.net",
    "RECEIPTS_PROXY": "nginx",
    "RECEIPTS_PER_SECOND": "0",
    "LOG_LEVEL": "loud",
}
KEY = "ab" * 32
_SETTING = re.compile(r"#[A-Z_]+=")


@pytest.fixture
def env_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty `edge.env`, and an environment without any of our names."""
    for name in BAD:
        monkeypatch.delenv(name, raising=False)
    file = tmp_path / "edge.env"
    file.touch()
    return file


def test_defaults_are_enough(env_file: Path) -> None:
    """With nothing set, the edge listens on loopback, shows that address, and has a database of its own."""
    environment = load(env_file).environment()
    assert environment["SIP_LISTEN"] == "udp:127.0.0.1:5060"
    assert environment["SIP_ADVERTISE"] == "127.0.0.1:5060"
    assert environment["SIP_TCP"] == "no"
    assert "DATABASE_URL" not in environment
    assert "EDGE_KEY" not in environment


def test_every_bad_value_is_refused_at_once(env_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One start names them all, each with its value."""
    for name, value in BAD.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SettingsRefused) as refusal:
        load(env_file)
    lines = str(refusal.value).splitlines()[1:]
    assert sorted(line.strip().partition("=")[0] for line in lines) == sorted(BAD)
    assert "NODE_NAME=Edge One: must be 1 to 32 of a-z, 0-9 and the hyphen" in str(refusal.value)


def test_every_setting_has_a_bad_value_above() -> None:
    """So that a new one is not forgotten."""
    assert {name.upper() for name in FixedSettings.model_fields} == BAD.keys()


def test_the_sender_reads_what_the_settings_say(env_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One spelling on both sides."""
    monkeypatch.setenv("SMS_THREADS", "3")
    assert Options.read(load(env_file).environment()) == Options(threads=3)


def test_a_refusal_repeats_no_secret(env_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The key and the database's password stay out of the terminal and the journal."""
    for name in ("EDGE_KEY", "DATABASE_URL"):
        monkeypatch.setenv(name, BAD[name])
    with pytest.raises(SettingsRefused) as refusal:
        load(env_file)
    assert "hunter2" not in str(refusal.value)


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("SIP_LISTEN", "udp:localhost:5060", "udp:<IP address>:<port>"),
        ("SIP_LISTEN", "udp:127.0.0.1:65536", "udp:<IP address>:<port>"),
        ("SIP_LISTEN", "udp:::1:5060", "udp:<IP address>:<port>"),
        ("SIP_LISTEN", "udp:0.0.0.0:5060", "SIP_ADVERTISE must say which one others see"),
        ("SIP_ADVERTISE", "sip:edge:5060", "<host>:<port>"),
        ("DATABASE_URL", "postgresql://u:p%@h/d", "percent-encoded"),
        ("EDGE_KEY", f"256:{KEY}", "the id from 0 to 255"),
        ("EDGE_KEY", f"1:{KEY},01:{KEY}", "same key id twice"),
        ("VAR_DIR", "/dev/null", "not a directory"),
        ("VAR_DIR", "/" + "v" * 120, "must not be longer"),
        ("SIP_WORKERS", "65", "from 1 to 64"),
        ("RECEIPTS_LISTEN", "127.0.0.1:8470", "RECEIPTS_URL must say by which address providers reach it"),
        ("RECEIPTS_LISTEN", "8470", "<IP address>:<port>"),
        ("RECEIPTS_URL", "https://sms.example.net/?a=b", "the address that providers reach it by"),
        ("RECEIPTS_URL", "https://[sms/", "the address that providers reach it by"),
        ("RECEIPTS_PROXY", "[::1]", "the IP address of the proxy"),
    ],
)
def test_a_bad_value_is_refused_in_words(
    env_file: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: str, words: str
) -> None:
    """Each says what it must be instead."""
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsRefused, match=words):
        load(env_file)


def test_the_environment_goes_before_the_file(env_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is set for one start overrides what is written down."""
    env_file.write_text("NODE_NAME=written\nSIP_WORKERS=4\n")
    monkeypatch.setenv("NODE_NAME", "set")
    settings = load(env_file)
    assert (settings.node_name, settings.sip_workers) == ("set", 4)


def test_an_empty_value_is_the_default(env_file: Path) -> None:
    """`DATABASE_URL=` in edge.env means the private database, not a database without a name."""
    env_file.write_text("DATABASE_URL=\nSIP_WORKERS=\n")
    settings = load(env_file)
    assert (settings.database_url, settings.sip_workers) == (None, 2)


def test_a_misspelt_name_in_the_file_is_refused(env_file: Path) -> None:
    """A setting that silently does nothing would be found out by customers."""
    env_file.write_text("SIP_LISTN=udp:192.0.2.1:5060\n")
    with pytest.raises(SettingsRefused, match="is SIP_LISTEN meant"):
        load(env_file)


@pytest.mark.parametrize("line", ["LOG_LEVEL warning", "LOG_LEVEL", 'SMS_TOKEN="hunter2'])
def test_a_line_that_cannot_be_read_is_refused(env_file: Path, line: str) -> None:
    """Half a setting is not left out in silence, and a secret in it is not repeated."""
    env_file.write_text(f"NODE_NAME=edge\n{line}\nSIP_WORKERS=2\n")
    with pytest.raises(SettingsRefused, match=r"line 2 of \S+ is not NAME=value") as refusal:
        load(env_file)
    assert "hunter2" not in str(refusal.value)


def test_other_names_in_the_file_reach_the_sender(env_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A provider's secret may stand in edge.env; the sender finds it in its environment."""
    monkeypatch.setenv("PROVIDER_TOKEN", "from before")
    monkeypatch.delenv("PROVIDER_TOKEN")
    env_file.write_text("PROVIDER_TOKEN=hush\n")
    load(env_file)
    assert os.environ["PROVIDER_TOKEN"] == "hush"


def test_fixed_settings_do_not_look_around(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The demo and the tests never touch a database that a developer's shell points to."""
    monkeypatch.setenv("DATABASE_URL", "postgresql://production/edge")
    assert FixedSettings(var_dir=tmp_path).database_url is None


@pytest.mark.parametrize(
    ("rtpengine", "wait_ms", "words"),
    [
        ("udp:192.0.2.11:2223", 300, "is for RTPENGINE=own"),
        ("none", 300, "is for RTPENGINE=own"),
        ("own", 299, "300 or more"),
    ],
)
def test_a_redis_that_would_do_nothing_or_harm_is_refused(rtpengine: str, wait_ms: int, words: str) -> None:
    """Another's rtpengine does not hear of it; who waits less than Redis may take holds rtpengine for dead."""
    redis = "127.0.0.1:6379/5"
    assert FixedSettings(rtpengine_redis=redis).rtpengine_redis == redis
    with pytest.raises(ValueError, match=words):
        FixedSettings(rtpengine_redis=redis, rtpengine=rtpengine, rtpengine_wait_ms=wait_ms)


def test_ipv6_is_spoken(tmp_path: Path) -> None:
    """An IPv6 address stands in brackets, as in SIP, and is bare for the socket."""
    settings = FixedSettings(var_dir=tmp_path, sip_listen="udp:[::1]:5060")
    assert settings.sip_address == ("::1", 5060)


@given(st.text(max_size=40))
def test_what_is_accepted_as_listen_address_is_one(text: str) -> None:
    """Whatever is typed: it is refused, or it comes apart into an address and a port."""
    try:
        settings = FixedSettings(sip_listen="udp:" + text, sip_advertise="192.0.2.1:5060")
    except ValueError:
        return
    host, port = settings.sip_address
    assert host
    assert 0 < port < 65536


def test_the_example_names_every_setting_and_its_default(env_file: Path) -> None:
    """edge.env.example is the manual: each setting is in it, and what stands there is accepted."""
    lines = [line[1:] for line in (ROOT / "edge.env.example").read_text().splitlines() if _SETTING.match(line)]
    assert sorted(line.partition("=")[0] for line in lines) == sorted(BAD)
    env_file.write_text("\n".join(lines))
    shown, usual = load(env_file).model_dump(), FixedSettings().model_dump()
    # these have no default that could be shown
    examples = {"sip_advertise", "database_url", "var_dir", "node_name"}
    examples |= {"receipts_listen", "receipts_url", "receipts_proxy"}
    assert {name: shown[name] for name in shown.keys() - examples} == {
        name: usual[name] for name in usual.keys() - examples
    }
