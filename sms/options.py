"""The sender's settings, from its environment."""

from collections.abc import Mapping
from typing import NamedTuple

from sms import retry


class Options(NamedTuple):
    """How the sender works; each is the environment variable SMS_<NAME>."""

    poll_seconds: float = 1.0  # longest wait when the NOTIFY was missed, or a delay has passed
    lease_seconds: float = 30.0  # beyond the provider's timeout: room for the record
    give_up_seconds: float = retry.GIVE_UP_SECONDS
    threads: int = 32  # requests at once

    @classmethod
    def read(cls, env: Mapping[str, str]) -> "Options":
        """Read the options from `env`. Raises `ValueError`, naming every bad one."""
        values, wrong = {}, []
        for name, kind in cls.__annotations__.items():
            text = env.get(f"SMS_{name.upper()}", "")
            try:
                value = kind(text) if text else cls._field_defaults[name]
            except ValueError:
                value = 0
            if not 0 < value < 1e9:
                wrong.append(f"SMS_{name.upper()} must be a number above 0")
            values[name] = value
        if wrong:
            raise ValueError("; ".join(wrong))
        return cls(**values)

    @property
    def most_of_one(self) -> int:
        """How many requests one of several providers may have under way: a quarter of the threads is for others."""
        return self.threads - max(1, self.threads // 4) if self.threads > 1 else 1
