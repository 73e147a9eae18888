"""The drivers that speak to SMS providers, by the name in `sms_provider.driver`.

A driver is a function: provider and message in, `Accepted`, `Refused` or `Unknown` out. It never raises for what a
provider does, and returns in about the provider's `timeout_seconds`.
"""

from collections.abc import Callable, Mapping
from typing import Final

from sms.providers import esms, http, smpp, speedsms, twilio
from sms.providers.kinds import Accepted, Message, Provider, Refused, Result, Unknown

Driver = Callable[[Provider, Message, Mapping[str, str]], Result]
DRIVERS: Final[Mapping[str, Driver]] = {
    "http": http.send,
    "esms": esms.send,
    "smpp": smpp.send,
    "speedsms": speedsms.send,
    "twilio": twilio.send,
}

__all__ = ["DRIVERS", "Accepted", "Driver", "Message", "Provider", "Refused", "Result", "Unknown"]
