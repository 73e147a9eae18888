"""What the stack is told: environment variables, `edge.env` behind them, defaults behind that.

`load()` refuses every bad value at once, in words. `FixedSettings` takes arguments only, for the demo and the tests:
what lies in a developer's environment must not change them.
"""

import difflib
import ipaddress
import os
import re
import socket
from pathlib import Path
from typing import Any, Final, Literal, Self

import psycopg2
from dotenv import dotenv_values
from dotenv.parser import parse_stream
from psycopg2.extensions import parse_dsn
from pydantic import ValidationError, ValidationInfo, field_validator, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from deploy.hosts import host_port, is_ip, is_port
from deploy.media_settings import LEAST_WAIT_MS, MediaSettings
from deploy.receipt_settings import ReceiptSettings
from kemi.errors import SettingsRefused
from sms.options import Options

ROOT: Final = Path(__file__).resolve().parent.parent
ENV_FILE: Final = ROOT / "edge.env"
_NODE: Final = re.compile(r"[a-z0-9-]{1,32}", re.ASCII)
_KEY: Final = re.compile(r"(\d{1,3}):[0-9a-fA-F]{64}", re.ASCII)
_VAR_DIR_MAX: Final = 107 - len("/run/kamailio.rpc")  # unix(7): sun_path
_HOST: Final = re.compile(r"\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?", re.ASCII)

_SENDER: Final = Options()
_RANGES: Final = {
    "sip_workers": (1, 64),
    "rtpengine_wait_ms": (50, 2000),
    "max_call_seconds": (60, 7 * 86_400),
    "interrupted_grace_seconds": (0, 3600),
    "spool_keep_days": (1, 3650),
    "unowned_keep_days": (1, 3650),
    "sms_poll_seconds": (0.05, 3600),
    "sms_lease_seconds": (1, 3600),
    "sms_give_up_seconds": (1, 30 * 86_400),
    "sms_threads": (1, 256),
}


def _node_name() -> str:
    """Return the host's name with only the characters a node name may have."""
    return re.sub(r"[^a-z0-9-]", "-", socket.gethostname().partition(".")[0].lower())[:32] or "edge"


class Settings(MediaSettings, ReceiptSettings):
    """One start of the stack. Names in the environment are the fields' names in capitals."""

    model_config = SettingsConfigDict(extra="ignore", frozen=True, env_ignore_empty=True, str_strip_whitespace=True)

    sip_listen: str = "udp:127.0.0.1:5060"
    sip_advertise: str = ""
    sip_tcp: Literal["yes", "no"] = "no"
    database_url: str | None = None
    var_dir: Path = ROOT / "var"
    edge_key: str | None = None
    node_name: str = _node_name()
    sip_workers: int = 2
    max_call_seconds: int = 86_400
    interrupted_grace_seconds: int = 10
    spool_keep_days: int = 7
    unowned_keep_days: int = 365
    sms_poll_seconds: float = _SENDER.poll_seconds
    sms_lease_seconds: float = _SENDER.lease_seconds
    sms_give_up_seconds: float = _SENDER.give_up_seconds
    sms_threads: int = _SENDER.threads
    log_level: Literal["debug", "info", "warning", "error"] = "info"

    @field_validator("sip_listen")
    @classmethod
    def _listen(cls, value: str) -> str:
        scheme, _, rest = value.partition(":")
        host, port = host_port(rest)
        if scheme != "udp" or not is_port(port) or not is_ip(host):
            raise ValueError("must be udp:<IP address>:<port>, such as udp:192.0.2.10:5060")
        return value

    @field_validator("sip_advertise")
    @classmethod
    def _advertise(cls, value: str) -> str:
        host, port = host_port(value)
        if value and not (_HOST.fullmatch(host) and is_port(port)):
            raise ValueError("must be <host>:<port>, such as 192.0.2.10:5060")
        return value

    @field_validator("database_url")
    @classmethod
    def _database(cls, value: str | None) -> str | None:
        if value is not None:
            if not value.startswith(("postgresql://", "postgres://")):
                raise ValueError("must be a URL that starts with postgresql://")
            try:
                parse_dsn(value)
            except psycopg2.ProgrammingError as wrong:
                raise ValueError("PostgreSQL cannot read this URL; a password must be percent-encoded") from wrong
        return value

    @field_validator("var_dir")
    @classmethod
    def _var(cls, value: Path) -> Path:
        if not value.is_absolute():
            raise ValueError("must be an absolute path")
        if value.exists() and not value.is_dir():
            raise ValueError("is there already, and is not a directory")
        if len(str(value)) > _VAR_DIR_MAX:
            raise ValueError(
                f"must not be longer than {_VAR_DIR_MAX} characters: the path of a socket in it is limited"
            )
        return value

    @field_validator("edge_key")
    @classmethod
    def _keys(cls, value: str | None) -> str | None:
        if value is not None:
            ids = [found[1] if (found := _KEY.fullmatch(part.strip())) else "" for part in value.split(",")]
            if not all(key_id and int(key_id) < 256 for key_id in ids):
                raise ValueError("must be id:64-hex-digits, the id from 0 to 255; several are parted by commas")
            if len({int(key_id) for key_id in ids}) < len(ids):
                raise ValueError("has the same key id twice; a new key needs a new id")
        return value

    @field_validator("node_name")
    @classmethod
    def _node(cls, value: str) -> str:
        if not _NODE.fullmatch(value):
            raise ValueError("must be 1 to 32 of a-z, 0-9 and the hyphen")
        return value

    @field_validator(*_RANGES)
    @classmethod
    def _range(cls, value: float, info: ValidationInfo) -> float:
        low, high = _RANGES[str(info.field_name)]
        if not low <= value <= high:
            raise ValueError(f"must be from {low} to {high}")
        return value

    @model_validator(mode="after")
    def _advertise_something_real(self) -> Self:
        if not self.sip_advertise and ipaddress.ip_address(self.sip_address[0]).is_unspecified:
            raise ValueError("SIP_LISTEN takes every address, so SIP_ADVERTISE must say which one others see")
        return self

    @model_validator(mode="after")
    def _rtp_at_an_address(self) -> Self:
        anywhere = ipaddress.ip_address(self.sip_address[0]).is_unspecified
        if self.rtpengine == "own" and not self.rtp_address and anywhere:
            raise ValueError("SIP_LISTEN takes every address, so RTP_ADDRESS must say where the voice goes through")
        return self

    @model_validator(mode="after")
    def _redis_of_our_own(self) -> Self:
        if self.rtpengine_redis and self.rtpengine != "own":
            raise ValueError("RTPENGINE_REDIS is for RTPENGINE=own; other rtpengines are told of theirs by --redis")
        if self.rtpengine_redis and self.rtpengine_wait_ms < LEAST_WAIT_MS:
            raise ValueError(
                f"with RTPENGINE_REDIS, RTPENGINE_WAIT_MS must be {LEAST_WAIT_MS} or more: Redis may be slow"
            )
        return self

    @property
    def sip_address(self) -> tuple[str, int]:
        """The IP address and port that Kamailio listens on."""
        host, port = host_port(self.sip_listen.partition(":")[2])
        return host.strip("[]"), int(port)

    def environment(self) -> dict[str, str]:
        """Return the settings as every process of the stack gets them; what is unset is absent."""
        values = {**self.model_dump(), "sip_advertise": self.sip_advertise or self.sip_listen.partition(":")[2]}
        return {name.upper(): str(value) for name, value in values.items() if value is not None}


class FixedSettings(Settings):
    """Settings from arguments alone: neither the environment nor `edge.env` is read."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Return the one source there is. Raises nothing."""
        del settings_cls, env_settings, dotenv_settings, file_secret_settings
        return (init_settings,)


def load(env_file: Path = ENV_FILE) -> Settings:
    """Return the settings of the environment and `env_file`. Raises `SettingsRefused` naming every problem.

    What else stands in `env_file` (a provider's secret, say) goes into this process's environment, for the sender.
    """
    unread = _unread(env_file)
    if unread:  # dotenv would say so in a log line, and leave them out
        raise SettingsRefused("These settings cannot be used:\n" + "\n".join(f"  {line}" for line in unread))
    in_file = {name: value for name, value in dotenv_values(env_file).items() if value is not None}
    problems = _misspelt(in_file, env_file)
    try:
        settings = Settings(_env_file=env_file)  # type: ignore[call-arg]  # pydantic-settings' own, which mypy does not see
    except ValidationError as wrong:
        problems = [_in_words(error) for error in wrong.errors()] + problems
    if problems:
        raise SettingsRefused("These settings cannot be used:\n" + "\n".join(f"  {line}" for line in problems))
    for name in in_file.keys() - settings.environment().keys():
        os.environ.setdefault(name, in_file[name])
    return settings


def _unread(env_file: Path) -> list[str]:
    """Say which lines are no settings. They are not repeated: a secret may stand in one."""
    if not env_file.is_file():
        return []
    with env_file.open(encoding="utf-8") as lines:
        wrong = [one.original.line for one in parse_stream(lines) if one.error or (one.key and one.value is None)]
    return [f"line {line} of {env_file.name} is not NAME=value, or a quote in it is not closed" for line in wrong]


def _misspelt(in_file: dict[str, str], env_file: Path) -> list[str]:
    known = {name.upper() for name in Settings.model_fields}
    near = {name: difflib.get_close_matches(name, known, n=1, cutoff=0.8) for name in in_file.keys() - known}
    return [
        f"{name} in {env_file.name} is not a setting; is {match[0]} meant?" for name, match in near.items() if match
    ]


def _in_words(error: Any) -> str:
    """Say one pydantic error as `NAME=value: what must be`; a secret's value is not repeated."""
    text = str(error["msg"]).removeprefix("Value error, ")
    if not error["loc"]:
        return text
    name = str(error["loc"][0]).upper()
    shown = "…" if name in {"EDGE_KEY", "DATABASE_URL"} else error["input"]
    return f"{name}={shown}: {text[0].lower()}{text[1:]}"
