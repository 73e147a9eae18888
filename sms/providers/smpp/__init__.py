"""The driver `smpp`: an SMSC over SMPP 3.4, for carriers that take nothing else. account.py lists the row's columns.

    message.py the text as submit_sm ← here → pool.py the sessions of the process ← session.py one bind
    account.py the provider's row       codes.py what a command_status means       pdus.py octets

what happened                                    means
-----------------------------------------------  ---------------------------------------------------------
no connection, no bind, no place in the window   refused, tried again: nothing left
bind refused                                     codes.py; wrong system_id or password: refused for good
submit_sm_resp with a command_status             codes.py
no submit_sm_resp in time, the line cut          unknown: SMPP has nothing to recognise a repetition by
one SMS of several refused or without an answer  the same for the whole text: a part of it is no use to anybody
"""

import asyncio
from collections.abc import Mapping

from sms.providers.kinds import Accepted, Message, Provider, Refused, Result, Unknown
from sms.providers.smpp import codes
from sms.providers.smpp.account import Account, BadRowError, account, manner
from sms.providers.smpp.message import Fields, submits
from sms.providers.smpp.pool import POOL
from sms.providers.smpp.session import Answer, GoneError, LostError, NotBoundError, Session
from sms.templates import MissingSecretError


def send(provider: Provider, message: Message, env: Mapping[str, str]) -> Result:
    """Hand `message` to the provider's SMSC."""
    try:
        whom = account(provider, env)
        requests = submits(message, manner(provider.options))
    except (MissingSecretError, BadRowError) as error:
        return Refused(str(error), final=False)
    return POOL.run(_send(provider, whom, requests))


async def _send(provider: Provider, whom: Account, requests: list[Fields]) -> Result:
    seconds = provider.timeout_seconds
    deadline = asyncio.get_running_loop().time() + seconds
    try:
        async with asyncio.timeout_at(deadline):
            session = await POOL.session(provider.id, whom, seconds)
    except NotBoundError as error:
        return Refused(error.why, error.final, error.status)
    except TimeoutError:
        return Refused(f"no bind within {seconds:g} s", final=False)
    replies: list[str] = []
    result: Result = Unknown("nothing was asked")
    for number, request in enumerate(requests, 1):
        result = await _submit(session, request, seconds, deadline, replies)
        if not isinstance(result, Accepted):
            place = f" (SMS {number} of {len(requests)})" if len(requests) > 1 else ""
            return result._replace(why=result.why + place)
    return result


async def _submit(session: Session, request: Fields, seconds: float, deadline: float, replies: list[str]) -> Result:
    written = False
    try:
        async with asyncio.timeout_at(deadline), session.window:
            written = True
            answer = await session.ask("submit_sm", **request)
    except GoneError:
        return Refused("the line ended before it could be sent", final=False)
    except LostError:
        return Unknown("the line ended before the SMSC answered")
    except TimeoutError:
        if written:
            return Unknown(f"no answer within {seconds:g} s")
        return Refused(f"no place in the window within {seconds:g} s", final=False)
    replies.append(_shown(answer))
    reply = "\n".join(replies)
    if answer.status == codes.ROK:
        return Accepted(answer.status, reply, answer.message_id or None)
    verdict, why = codes.meaning(codes.SUBMIT, answer.status)
    if answer.status == codes.RINVBNDSTS:
        session.end("the SMSC says that we are not bound")
    return Refused(why, verdict == "failed", answer.status, reply)


def _shown(answer: Answer) -> str:
    return f"submit_sm_resp command_status=0x{answer.status:08X} message_id={answer.message_id}"
