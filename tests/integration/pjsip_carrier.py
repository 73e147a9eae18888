"""A real PJSIP (pjsua2) as the carrier: rings every call, answers the number it is told to.

Run as `python -m tests.integration.pjsip_carrier HOST PORT`, because PJSIP's library is one a process and its
threads are its own. One JSON object a line: out `{"ready": true}`, `{"what": "ringing"|"answered"|"ended", "number",
"call_id", "code"}`; in `{"answer": number}`, `{"hang_up": number}`, `{"quit": true}`.
"""

import json
import os
import select
import sys
from typing import Any

import pjsua2 as pj

_OUT = os.dup(1)  # PJSIP itself writes to stdout before its log can be turned off
_TICK_MS = 20  # how long PJSIP may look at its sockets before we look at stdin


def say(**fact: Any) -> None:
    """Tell the test one fact."""
    os.write(_OUT, (json.dumps(fact) + "\n").encode())


class Call(pj.Call):  # type: ignore[misc] # pjsua2 has no types
    """One call that rings at the carrier."""

    number = ""

    def onCallState(self, _prm: Any) -> None:  # noqa: N802 - PJSIP's name
        info = self.getInfo()
        what = {pj.PJSIP_INV_STATE_CONFIRMED: "answered", pj.PJSIP_INV_STATE_DISCONNECTED: "ended"}.get(info.state)
        if what:
            say(what=what, number=self.number, call_id=info.callIdString, code=info.lastStatusCode)

    def reply(self, code: int) -> None:
        """Answer the INVITE with `code`."""
        prm = pj.CallOpParam()
        prm.statusCode = code
        self.answer(prm)


class Account(pj.Account):  # type: ignore[misc]
    """Takes every call, whatever its number."""

    def __init__(self) -> None:
        super().__init__()
        self.calls: dict[str, Call] = {}

    def onIncomingCall(self, prm: Any) -> None:  # noqa: N802
        call = Call(self, prm.callId)
        start = prm.rdata.wholeMsg.split()[1]
        call.number = start.partition(":")[2].partition("@")[0]
        self.calls[call.number] = call
        call.reply(180)
        say(what="ringing", number=call.number, call_id=call.getInfo().callIdString, code=180)


def obey(account: Account, line: str) -> bool:
    """Do what a line of stdin says; whether to go on."""
    order = json.loads(line)
    if "answer" in order:
        account.calls[order["answer"]].reply(200)
    elif "hang_up" in order:
        account.calls[order["hang_up"]].hangup(pj.CallOpParam())
    return "quit" not in order


def main(host: str, port: int) -> None:
    """Serve until `quit` or the end of stdin."""
    os.dup2(2, 1)
    endpoint = pj.Endpoint()
    endpoint.libCreate()
    config = pj.EpConfig()
    config.uaConfig.threadCnt = 0
    config.uaConfig.mainThreadOnly = True
    config.uaConfig.maxCalls = 32
    config.logConfig.level = config.logConfig.consoleLevel = 0
    endpoint.libInit(config)
    endpoint.audDevManager().setNullDev()
    transport = pj.TransportConfig()
    transport.port, transport.boundAddress, transport.publicAddress = port, host, host
    endpoint.transportCreate(pj.PJSIP_TRANSPORT_UDP, transport)
    endpoint.libStart()
    settings = pj.AccountConfig()
    settings.idUri = f"sip:carrier@{host}:{port}"
    settings.mediaConfig.transportConfig.boundAddress = host
    account = Account()
    account.create(settings)
    say(ready=True, version=endpoint.libVersion().full)
    going = True
    while going:
        endpoint.libHandleEvents(_TICK_MS)
        while going and select.select([sys.stdin], [], [], 0)[0]:
            line = sys.stdin.readline()
            going = bool(line) and obey(account, line)
    os._exit(0)  # PJSIP's own teardown needs its Python objects gone in an order that no interpreter promises


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
