"""The settings of the receipts endpoint (sms/receipts/): off unless it is told where to listen."""

from typing import Self
from urllib.parse import urlsplit

from pydantic import field_validator, model_validator
from pydantic_settings import BaseSettings

from deploy.hosts import host_port, is_ip, is_port


class ReceiptSettings(BaseSettings):
    """What the endpoint, and the senders that tell providers of it, must know."""

    receipts_listen: str | None = None
    receipts_url: str | None = None
    receipts_proxy: str | None = None
    receipts_per_second: float = 100.0

    @field_validator("receipts_listen")
    @classmethod
    def _receipts_listen(cls, value: str | None) -> str | None:
        host, port = host_port(value or "")
        if value is not None and not (is_ip(host) and is_port(port)):
            raise ValueError("must be <IP address>:<port>, such as 127.0.0.1:8470")
        return value

    @field_validator("receipts_url")
    @classmethod
    def _receipts_url(cls, value: str | None) -> str | None:
        if value is not None:
            try:
                parts = urlsplit(value)
                right = (
                    parts.scheme in {"http", "https"} and bool(parts.hostname) and not (parts.query or parts.fragment)
                )
            except ValueError:
                right = False
            if not right or any(not one.isascii() or one.isspace() for one in value):
                raise ValueError("must be the address that providers reach it by, such as https://sms.example.net")
        return value

    @field_validator("receipts_proxy")
    @classmethod
    def _receipts_proxy(cls, value: str | None) -> str | None:
        if value is not None and ("[" in value or not (is_ip(value) or is_ip(f"[{value}]"))):
            raise ValueError("must be the IP address of the proxy before it, such as 127.0.0.1")
        return value

    @field_validator("receipts_per_second")
    @classmethod
    def _receipts_per_second(cls, value: float) -> float:
        if not 1 <= value <= 100_000:
            raise ValueError("must be from 1 to 100000")
        return value

    @model_validator(mode="after")
    def _receipts_reach_us(self) -> Self:
        if self.receipts_listen and not self.receipts_url:
            raise ValueError("RECEIPTS_LISTEN is set, so RECEIPTS_URL must say by which address providers reach it")
        return self
