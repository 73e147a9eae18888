"""The driver `smpp`: an SMSC over SMPP 3.4, for carriers that take nothing else. account.py lists the row's columns.

    message.py the text as submit_sm ← here → pool.py the sessions of the process ← session.py one bind
    account.py the provider's row    codes.py what a command_status means    receipt.py a deliver_sm    pdus.py octets

what happened                                    means
-----------------------------------------------  ---------------------------------------------------------
no connection, no bind, no place in the window   refused, tried again: nothing left
bind refused                                     codes.py; wrong system_id or password: refused for good
submit_sm_resp with a command_status             codes.py
no submit_sm_resp in time, the line cut          unknown: SMPP has nothing to recognise a repetition by
one SMS of several refused or without an answer  the same for the whole text: a part of it is no use to anybody
"""

import asyncio
import contextlib
from collections.abc import Iterable, Mapping

from sms.providers.kinds import Accepted, Message, Provider, Refused, Result, Unknown
from sms.providers.smpp import codes
from sms.providers.smpp.account import Account, BadRowError, account, manner
from sms.providers.smpp.message import Fields, submits
from sms.providers.smpp.pool import POOL
from sms.providers.smpp.session import Answer, GoneError, LostError, NotBoundError, Session
from sms.providers.wire import Reply, by_meaning, say
from sms.templates import MissingSecretError


def send(provider: Provider, message: Message, env: Mapping[str, str]) -> Result:
    """Hand `message` to the provider's SMSC."""
    try:
        whom = account(provider, env)
        requests = submits(message, manner(provider.options))
    except (MissingSecretError, BadRowError) as error:
        return Refused(str(error), final=False, cause="setup")
    say(lambda: "\n".join([f"bind_transceiver {whom!r}", *(f"submit_sm {request}" for request in requests)]))
    return POOL.run(_send(provider, whom, requests, message.request_id))


def listen(providers: Iterable[Provider], env: Mapping[str, str]) -> None:
    """Stay bound to these providers' SMSCs, which may have receipts for us, and to no others; nobody waits for it."""
    wanted = {}
    for provider in providers:
        with contextlib.suppress(MissingSecretError, BadRowError):  # said by the next message
            wanted[provider.id] = (account(provider, env), float(provider.timeout_seconds))
    POOL.keep(wanted)


async def _send(provider: Provider, whom: Account, requests: list[Fields], request_id: str) -> Result:
    seconds = provider.timeout_seconds
    deadline = asyncio.get_running_loop().time() + seconds
    try:
        async with asyncio.timeout_at(deadline):
            session = await POOL.session(provider.id, whom, seconds)
    except NotBoundError as error:
        return Refused(error.why, error.final, error.status, cause=error.cause)
    except TimeoutError:
        return Refused(f"no bind within {seconds:g} s", final=False, cause="down")
    replies: list[str] = []
    result: Result = Unknown("nothing was asked")
    for number, request in enumerate(requests, 1):
        late = request_id if number == len(requests) else None  # what comes before the last is no whole text
        result = await _submit(session, request, late, seconds, deadline, replies)
        if not isinstance(result, Accepted):
            place = f" (SMS {number} of {len(requests)})" if len(requests) > 1 else ""
            return result._replace(why=result.why + place)
    return result


async def _submit(
    session: Session, request: Fields, late: str | None, seconds: float, deadline: float, replies: list[str]
) -> Result:
    written = False
    try:
        async with asyncio.timeout_at(deadline), session.window:
            written = True
            answer = await session.ask("submit_sm", late, **request)
    except GoneError:
        return Refused("the line ended before it could be sent", final=False, cause="down")
    except LostError:
        return Unknown("the line ended before the SMSC answered", down=True)
    except TimeoutError:
        if written:
            return Unknown(f"no answer within {seconds:g} s", down=True)
        return Refused(f"no place in the window within {seconds:g} s", final=False, cause="busy")
    replies.append(_shown(answer))
    reply = "\n".join(replies)
    if answer.status == codes.ROK:
        return Accepted(answer.status, reply, session.account.named(answer.message_id))
    if answer.status == codes.RINVBNDSTS:
        session.end("the SMSC says that we are not bound")
    return by_meaning(codes.of_submit(answer.status), Reply(answer.status, reply, 0.0))


def _shown(answer: Answer) -> str:
    return f"submit_sm_resp command_status=0x{answer.status:X} message_id={answer.message_id}"
