"""A real PJSIP (pjsua2) as the caller: keeps what it hears in a WAV file.

Run as `python -m tests.integration.pjsip_caller HOST URI FILE`. One JSON object a line: out
`{"what": "early"|"answered"|"ended", "code"}`, `{"what": "hears"}` whenever its media changes; in `{"hang_up": true}`,
`{"quit": true}`.
"""

import json
import os
import select
import sys
from typing import Any

import pjsua2 as pj

from tests.integration.pjsip_carrier import say

_TICK_MS = 20


class Call(pj.Call):  # type: ignore[misc] # pjsua2 has no types
    """The call it places."""

    recorder: Any = None

    def onCallState(self, _prm: Any) -> None:  # noqa: N802 - PJSIP's name
        info = self.getInfo()
        states = {
            pj.PJSIP_INV_STATE_EARLY: "early",
            pj.PJSIP_INV_STATE_CONFIRMED: "answered",
            pj.PJSIP_INV_STATE_DISCONNECTED: "ended",
        }
        if info.state in states:
            say(what=states[info.state], code=info.lastStatusCode)

    def onCallMediaState(self, _prm: Any) -> None:  # noqa: N802
        info = self.getInfo()  # it owns what its lists hold
        for index, media in enumerate(info.media):
            if media.type == pj.PJMEDIA_TYPE_AUDIO and media.status == pj.PJSUA_CALL_MEDIA_ACTIVE:
                self.getAudioMedia(index).startTransmit(self.recorder)
                say(what="hears")


def main(host: str, uri: str, file: str) -> None:
    """Call, until `quit` or the end of stdin."""
    os.dup2(2, 1)
    endpoint = pj.Endpoint()
    endpoint.libCreate()
    config = pj.EpConfig()
    config.uaConfig.threadCnt = 0
    config.uaConfig.mainThreadOnly = True
    config.logConfig.level = config.logConfig.consoleLevel = 0
    config.medConfig.clockRate = config.medConfig.sndClockRate = 8000
    endpoint.libInit(config)
    endpoint.audDevManager().setNullDev()
    for codec in endpoint.codecEnum2():
        endpoint.codecSetPriority(codec.codecId, 255 if codec.codecId.startswith("PCMA") else 0)
    transport = pj.TransportConfig()
    transport.boundAddress, transport.publicAddress = host, host
    endpoint.transportCreate(pj.PJSIP_TRANSPORT_UDP, transport)
    endpoint.libStart()
    settings = pj.AccountConfig()
    settings.idUri = f"sip:0909789846@{host}"
    settings.mediaConfig.transportConfig.boundAddress = host
    account = pj.Account()
    account.create(settings)
    call = Call(account)
    call.recorder = pj.AudioMediaRecorder()
    call.recorder.createRecorder(file)
    call.makeCall(uri, pj.CallOpParam(True))
    going = True
    while going:
        endpoint.libHandleEvents(_TICK_MS)
        while going and select.select([sys.stdin], [], [], 0)[0]:
            line = sys.stdin.readline()
            order = json.loads(line) if line else {"quit": True}
            if "hang_up" in order:
                call.hangup(pj.CallOpParam())
            going = "quit" not in order
    os._exit(0)  # see pjsip_carrier


if __name__ == "__main__":
    main(*sys.argv[1:4])
