"""The four drivers, each with the provider that it speaks to, for tests that all of them must pass."""

from collections.abc import Mapping
from typing import Final, NamedTuple

from sms.providers import DRIVERS, Message, Provider, Result, esms, speedsms, twilio
from sms.providers.kinds import Meaning, Rule
from tests import sms_apis
from tests.sms_apis import SECRETS, Api, ApiServer

MESSAGE: Final = Message(7, "0844441909", "+84844441909", 'Ban "vua" nhan {to} & ${env:USER}.', "vContact", "r7-0")
_BODY: Final = '{"to": "{to_international}", "text": "{text}", "from": "{sender}", "ref": "{request_id}"}'


class Driven(NamedTuple):
    """A driver and its provider. `codes`: what it knows of the provider's codes."""

    name: str
    api: Api
    path: str
    credentials: Mapping[str, str]
    to: str
    message_id: str
    codes: Mapping[str, Meaning]

    def provider(self, url: str) -> Provider:
        """The row, for a server at `url`."""
        headers = {"Authorization": "Bearer ${env:TOKEN}"} if self.name == "http" else {}
        rules = (Rule(409, '"seen"', "accepted", "it had it already"),) if self.name == "http" else ()
        body, kind, pattern = _BODY, "application/json", '"id": *"([^"]+)"'
        return Provider(
            1, self.name, url + self.path, "POST", headers, body, kind, '"id"', pattern, 5, self.credentials, {}, rules
        )

    def send(
        self,
        server: ApiServer | str,
        message: Message = MESSAGE,
        env: Mapping[str, str] = SECRETS,
        timeout: float = 5.0,
    ) -> Result:
        """Ask the server to send."""
        provider = self.provider(server if isinstance(server, str) else server.url)
        return DRIVERS[self.name](provider._replace(timeout_seconds=timeout), message, env)


HTTP: Final = Driven("http", sms_apis.generic, "/send", {}, "84844441909", "g-1", {})
ESMS: Final = Driven(
    "esms",
    sms_apis.esms,
    "/MainService.svc/json/SendMultipleMessage_V4_post_json/",
    {"api_key": "${env:USER}", "secret_key": "${env:TOKEN}"},
    "0844441909",
    "id-1",
    esms.CODES,
)
SPEEDSMS: Final = Driven(
    "speedsms",
    sms_apis.speedsms,
    "/index.php/sms/send",
    {"token": "${env:TOKEN}"},
    "84844441909",
    "123457",
    speedsms.CODES,
)
TWILIO: Final = Driven(
    "twilio",
    sms_apis.twilio,
    "/2010-04-01",
    {"account_sid": "${env:USER}", "auth_token": "${env:TOKEN}"},
    "+84844441909",
    "SM1",
    twilio.CODES,
)
ALL: Final = (HTTP, ESMS, SPEEDSMS, TWILIO)
