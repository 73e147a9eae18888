"""The driver smpp and the SMSC of the tests, ready to be asked."""

from collections.abc import Mapping
from typing import Any, Final

from sms.providers import Message, Refused, Result, smpp
from sms.providers.kinds import Provider
from tests.sms_drivers import MESSAGE
from tests.sms_room import SmsRoom
from tests.smsc import PASSWORD, SYSTEM_ID, Smsc

SECRETS: Final = {"USER": SYSTEM_ID, "TOKEN": PASSWORD}
ENV: Final = {"SMSC_USER": SYSTEM_ID, "SMSC_PASSWORD": PASSWORD}  # of a sender
CREDENTIALS: Final = {"system_id": "${env:USER}", "password": "${env:TOKEN}"}


def row(url: str, options: Mapping[str, str], timeout: float = 20.0) -> Provider:
    """The provider's row."""
    return Provider(1, "smpp", url, "POST", {}, "", "", None, None, timeout, CREDENTIALS, options)


def send(smsc: Smsc, message: Message = MESSAGE, timeout: float = 20.0, **options: Any) -> Result:
    """Ask the SMSC to send."""
    return smpp.send(row(smsc.url, options, timeout), message, SECRETS)


def refused(result: Result) -> Refused:
    """What was refused."""
    assert isinstance(result, Refused), result
    return result


def use(room: SmsRoom, url: str) -> None:
    """Send everything to the SMSC at `url`."""
    credentials = '{"system_id": "${env:SMSC_USER}", "password": "${env:SMSC_PASSWORD}"}'
    statement = "update sms_provider set driver = 'smpp', url = %(url)s, credentials = %(credentials)s"
    room.sql(statement, url=url, credentials=credentials)
