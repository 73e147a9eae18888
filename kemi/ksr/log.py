"""One wide key=value line per call; no telephone number of a person in any line.

A call is traced by `call`: the ledger has it beside the caller's Call-ID, the `received` line beside those of the legs.
"""

import os
import re
import traceback
from collections.abc import Sequence
from typing import Final

import KSR

from kemi.domain.events import Event, Missed, Received, Refused
from kemi.domain.redaction import redacted
from kemi.errors import EdgeError, TokenRefused

# By it deploy/discreet.py knows our lines from what a caller would like to be one.
_MARK: Final = f"{os.environ['LOG_MARK']} " if "LOG_MARK" in os.environ else ""
_NOT_PLAIN: Final = re.compile(r"[^\w+.@:/-]")


def received(event: Received, call_ids: Sequence[str]) -> None:
    """Log that a call came and is about to fork; `call_ids` are those of its legs."""
    _info(
        f"call={event.call} received hotline={event.hotline} group={event.group_id} legs={len(event.legs)}"
        f" trunk={event.trunk_id} withheld={'true' if event.withheld else 'false'}"
        f" sip_call_id={_plain(event.sip_call_id)} leg_call_ids={','.join(call_ids)}"
    )


def offered(call: str, call_ids: Sequence[str]) -> None:
    """Log that more legs of a call are about to leave."""
    _info(f"call={call} offered legs={len(call_ids)} leg_call_ids={','.join(call_ids)}")


def happened(event: Event) -> None:
    """Log what else an operator wants to see of a call: its refusal, its end without an answer."""
    if isinstance(event, Refused):
        _info(
            f"call={event.call} refused code={event.code} reason={_plain(event.reason)} trunk={event.trunk_id}"
            f" sip_call_id={_plain(event.sip_call_id)}"
        )
    elif isinstance(event, Missed):
        _info(f"call={event.call} missed cause={event.cause} code={event.code}")


def turned_away(what: str, ip: str, code: int) -> None:
    """Log a request that was answered, or dropped (code 0), before anything was looked up."""
    _info(f"refused what={_plain(what)} source={ip} code={code}")


def hung_up(ip: str) -> None:
    """Log that a phone was hung up whose answer could not go to the caller."""
    _warn(f"hung_up why=an_answer_that_nobody_gets source={ip}")


def rtpengine_down(node: int) -> None:
    """Log that an rtpengine did not answer."""
    _warn(f"alarm=rtpengine_down rtpengine={node} why=no_answer")


def unheard(call: str, why: str) -> None:
    """Log that a caller hears ringback instead of his group's sound."""
    _warn(f"alarm=waiting_sound_unheard call={call} why={_plain(why)}")


def not_recorded(call: str) -> None:
    """Log that a call is not recorded, for its caller could not be told."""
    _warn(f"alarm=not_recorded call={call} why=the_announcement_was_not_heard")


def failed(callback: str, error: BaseException) -> None:
    """Log an error in a callback: in a word where we know it, with its traceback where we do not.

    A traceback shows code, never values; the text of an unknown error is left out, it may hold a header.
    """
    source = KSR.pv.get("$si")
    if isinstance(error, EdgeError | ValueError) and not isinstance(error, UnicodeError):
        words = str(error) if isinstance(error, EdgeError) else type(error).__name__
        level = _info if isinstance(error, TokenRefused) else _warn
        level(f"refused in={callback} source={source} error={type(error).__name__} reason={_plain(words)}")
    elif isinstance(error, UnicodeError):
        _warn(f"refused in={callback} source={source} error=UnicodeError reason=not_utf-8")
    else:
        frames = "".join(traceback.format_tb(error.__traceback__))
        KSR.err(f"{_MARK}failed in={callback} source={source} error={type(error).__name__}\n{frames}")


def _info(text: str) -> None:
    KSR.info(f"{_MARK}{text}\n")


def _warn(text: str) -> None:
    KSR.warn(f"{_MARK}{text}\n")


def _plain(text: str) -> str:
    return redacted(_NOT_PLAIN.sub("_", text[:128]))
