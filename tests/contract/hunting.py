"""Cases of a branch-failure route that goes on to another gateway, as `kemi.ksr.hunting` does (kemi/decisions/0020)."""

import json
from typing import Any, Final

import KSR

_MOST: Final = 2  # attempts elsewhere


def marked() -> Any:
    """In the branch route: what the branch-failure route saw, and the mark of this branch, which tm keeps with it."""
    number = KSR.pv.get("$T_branch_idx")
    saw = KSR.pv.get("$avp(saw)")
    return [KSR.pv.get("$bf"), KSR.pv.seti("$bf", 7 + number), json.loads(saw) if saw else None]


def noted() -> Any:
    """In on-reply: the branch's mark, changed for good."""
    mark = KSR.pv.get("$bf")
    KSR.pv.seti("$bf", mark | 64)
    return [mark]


def goes_on() -> Any:
    """In the branch-failure route: on to another gateway after a 503, at most twice."""
    tried, code = KSR.pv.get("$avp(tried)") or 0, KSR.tm.t_get_status_code()
    saw = [
        code, KSR.pv.get("$bf"), KSR.pv.get("$T_branch_idx"), KSR.tm.t_branch_timeout(), KSR.tm.t_branch_replied(),
        KSR.tm.t_is_canceled(), KSR.isflagset(2), tried, KSR.pv.get("$rU"), KSR.hdr.gete("Subject"),
    ]  # fmt: skip
    KSR.setflag(2)
    if code != 503 or tried >= _MOST or KSR.tm.t_is_canceled() > 0:
        return None
    KSR.pv.seti("$avp(tried)", tried + 1)
    KSR.pv.sets("$avp(saw)", json.dumps(saw))
    KSR.tm.t_on_branch("on_branch")
    KSR.tm.t_on_reply("on_reply")
    KSR.tm.t_on_failure("on_failure")
    KSR.tm.t_on_branch_failure("on_branch_failure")
    KSR.seturi(f"sip:other{tried}@{KSR.hdr.gete('X-Gateway')}")
    return KSR.tm.t_relay()


def gives_up() -> Any:
    """In the failure route: the caller's answer, and what was left to see."""
    code = 487 if KSR.tm.t_is_canceled() > 0 else 480
    KSR.hdr.append_to_reply(f"X-Tried: {KSR.pv.get('$avp(tried)') or 0}\r\n")
    return KSR.tm.t_reply(code, "Nobody")
