"""Cases of requests that are our own."""

from typing import Any, Final

import KSR

_DATAGRAM: Final = (
    "Via: SIP/2.0/UDP h;branch=z9hG4bKd\r\nFrom: <sip:h>;tag=a\r\nTo: <sip:g>;tag=b\r\nCall-ID: c\r\nCSeq: 1 {}\r\n"
)


def datagrams() -> Any:
    """Two that no transaction stands behind."""
    host = f"sip:{KSR.pv.get('$si')}:{KSR.pv.get('$sp')}"
    out = [
        KSR.corex.send_data(host, f"{method} {host} SIP/2.0\r\n{_DATAGRAM.format(method)}\r\n")
        for method in ("ACK", "BYE")
    ]
    KSR.set_drop()
    return out


def own_bye() -> Any:
    """A BYE that tm repeats, and takes the answer to."""
    host = f"sip:{KSR.pv.get('$si')}:{KSR.pv.get('$sp')}"
    if KSR.pv.get("$rm") == "BYE":
        return KSR.tm.t_check_trans()  # its own answer: nobody sees this, but tm must have it
    same = "From: <sip:h;x=1>;tag=a\r\nTo: <sip:g>;tag=b\r\nCall-ID: c\r\nRoute: <sip:r;lr>\r\n"
    out = KSR.tm.t_uac_send("BYE", f"{host};y=1", host, "", f"{same}CSeq: 7 BYE\r\n", "")
    KSR.set_drop()
    return out
