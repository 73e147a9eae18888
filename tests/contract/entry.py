"""The script of the contract: what the real Kamailio loads, and what the fake is given as its handler."""

import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import KSR

from tests.contract.cases import CASES, Case
from tests.contract.probes import Body, header


def _emit(body: Body | None) -> None:
    saw = body() if body else None
    if saw is not None:
        KSR.hdr.append(header(saw))


class Contract:
    """Runs the case that the INVITE names."""

    def child_init(self, rank: int) -> int:
        """Nothing to do in a process."""
        del rank
        return 0

    def ksr_request_route(self, msg: Any) -> int:
        """OPTIONS is answered (the test waits by it); CANCEL and ACK go their way; an INVITE runs its case."""
        del msg
        method = KSR.pv.get("$rm")
        if method == "OPTIONS":
            KSR.sl.send_reply(200, "OK")
        elif method == "ACK":
            if KSR.tm.t_check_trans() != 0:
                KSR.info("an ACK that matches nothing\n")
        elif method == "CANCEL":
            found = KSR.tm.t_check_trans()
            if found > 0:
                KSR.tm.t_relay()
            else:
                KSR.hdr.append_to_reply(header([found]))
                KSR.sl.send_reply(481, "Nothing")
        else:
            self._invite(CASES[KSR.hdr.gete("X-Case")])
        return 1

    def _invite(self, case: Case) -> None:
        if case.early:
            _emit(case.early)
        if case.legs == 0:
            saw = case.request() if case.request else None
            KSR.hdr.append_to_reply(header(saw))
            KSR.sl.send_reply(200, "OK")
            return
        made = KSR.tm.t_newtran()
        if made <= 0:
            return
        _emit(case.request)
        KSR.pv.sets("$avp(case)", KSR.hdr.gete("X-Case"))
        KSR.tm.t_on_branch("on_branch")
        KSR.tm.t_on_reply("on_reply")
        if case.failure:
            KSR.tm.t_on_failure("on_failure")
        if case.branch_failure:
            KSR.tm.t_on_branch_failure("on_branch_failure")
        gateway = KSR.hdr.gete("X-Gateway")
        KSR.seturi(f"sip:leg0@{gateway}")
        for number in range(1, case.legs):
            KSR.corex.append_branch_uri(f"sip:leg{number}@{gateway}")
        sent = KSR.tm.t_relay()
        if sent < 0:
            KSR.hdr.append_to_reply(header([sent]))
            KSR.tm.t_reply(503, "Nobody")

    def on_branch(self, msg: Any) -> int:
        """A leg."""
        del msg
        _emit(self._case().branch)
        return 1

    def ksr_reply_route(self, msg: Any) -> int:
        """A reply, before tm; the case is named by the leg's own header."""
        del msg
        name = KSR.hdr.gete("X-Case")
        if name:
            _emit(CASES[name].core_reply)
        return 1

    def on_reply(self, msg: Any) -> int:
        """A reply in its transaction."""
        del msg
        _emit(self._case().reply)
        return 1

    def on_failure(self, msg: Any) -> int:
        """No leg is left."""
        del msg
        body = self._case().failure
        saw = body() if body else None
        KSR.info(f"contract failure {saw}\n")
        return 1

    def on_branch_failure(self, msg: Any) -> int:
        """One leg has ended."""
        del msg
        body = self._case().branch_failure
        saw = body() if body else None
        KSR.info(f"contract branch failure {saw}\n")
        return 1

    def _case(self) -> Case:
        return CASES[KSR.pv.get("$avp(case)")]


def mod_init() -> Contract:
    """What Kamailio calls first."""
    return Contract()
