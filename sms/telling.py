"""What the sender logs: a line a request, an alarm where a person has to do something. Never a number or a text."""

import logging
from typing import Final

from sms.following import Next
from sms.gate import Seen
from sms.providers import Accepted, Result, Unknown
from sms.store import Claimed

_log: Final = logging.getLogger("sms")


def tell(claimed: Claimed, result: Result, then: Next | None) -> None:
    """Log what became of a request; `then` None: another sender has the notification."""
    head = f"notification={claimed.id} attempt={claimed.attempt} provider={claimed.provider and claimed.provider.id}"
    if then is None:
        _log.warning("%s came too late: taken over, held or settled by a receipt; it may have been sent twice", head)
    elif isinstance(result, Accepted):
        _log.info("%s accepted status=%d", head, result.status)
    elif then.state == "accepted":
        _log.warning("%s an earlier request was taken, and said so late: it is not sent again why=%s", head, result.why)
    elif then.over:
        _log.warning("%s goes to the tenant's other provider why=%s", head, result.why)
    elif then.state == "unknown":
        _log.error("%s unknown, held for a person why=%s", head, result.why)
    elif then.state == "queued":
        fate = "unknown" if isinstance(result, Unknown) else "refused"
        _log.warning("%s fate=%s again_in=%ds why=%s", head, fate, then.delay_seconds, result.why)
    else:
        _log.error("%s %s why=%s", head, then.state, result.why)


def tell_of_provider(claimed: Claimed, result: Result, seen: Seen) -> None:
    """Log what a result told of its provider, once for each change: alarms are `alarm=…`."""
    head = f"provider={claimed.provider and claimed.provider.id} name={seen.name!r}"
    why = "" if isinstance(result, Accepted) else result.why
    if seen.event == "down":
        _log.error("alarm=sms_provider_down %s failures=%d why=%s", head, seen.circuit.failures, why)
    elif seen.event == "no_balance":
        _log.error("alarm=sms_provider_no_balance %s its SMS wait until it is topped up why=%s", head, why)
    elif seen.event == "up":
        _log.warning("sms_provider_up %s left_alone_seconds=%d", head, seen.seconds)
    elif seen.event == "paused":
        _log.warning("sms_provider_paused %s seconds=%d why=%s", head, seen.pause_seconds, why)
