"""The settings of what voice goes through (kemi/decisions/0050)."""

from typing import Final

from pydantic import field_validator
from pydantic_settings import BaseSettings

from deploy.hosts import is_ip, is_port
from kemi.domain.media import parse_nodes

LEAST_WAIT_MS: Final = 300  # with a Redis: one that is silent keeps rtpengine for 200 ms (deploy/parts.py)


class MediaSettings(BaseSettings):
    """Which rtpengines there are, and where the one of our own has its ports."""

    rtpengine: str = "own"
    rtpengine_wait_ms: int = 300
    rtpengine_redis: str = ""
    rtp_address: str = ""
    rtp_ports: str = "20000-29999"

    @field_validator("rtpengine")
    @classmethod
    def _rtpengines(cls, value: str) -> str:
        if value not in {"own", "none"}:
            for node in parse_nodes(value):
                if not is_ip(f"[{node.ip}]" if ":" in node.ip else node.ip):
                    raise ValueError(f"{node.ip}: must be an IP address, not a name")
        return value

    @field_validator("rtpengine_redis")
    @classmethod
    def _redis(cls, value: str) -> str:
        where, _, number = value.rpartition("@")[2].partition("/")
        host, _, port = where.rpartition(":")
        if value and not (is_ip(host) and is_port(port) and number.isdecimal() and number.isascii()):
            raise ValueError("must be [<password>@]<IP address>:<port>/<number of the database>")
        return value

    @field_validator("rtp_address")
    @classmethod
    def _rtp(cls, value: str) -> str:
        for word in value.split():
            if not all(is_ip(f"[{part}]" if ":" in part else part) for part in word.split("!", 1)):
                raise ValueError(f"{word}: must be an IP address, or <IP address>!<the one that others see>")
        return value

    @field_validator("rtp_ports")
    @classmethod
    def _ports(cls, value: str) -> str:
        first, _, last = value.partition("-")
        if not (is_port(first) and is_port(last) and int(first) + 99 <= int(last)):
            raise ValueError("must be <first>-<last>, a hundred ports at least: a call takes four")
        return value
