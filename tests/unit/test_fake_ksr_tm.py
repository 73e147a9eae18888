"""The fake's transactions: forks, replies, cancels and timeouts as tm does them."""

from typing import Any

import pytest

from tests.fakes.kamailio import FakeKamailio, answer
from tests.fakes.script import KSR, LEGS, NEXT, PEER, cancel, forking, invite, running


def codes(kam: FakeKamailio) -> list[int]:
    return [sent.status for sent in kam.take("reply")]


def cancelled(kam: FakeKamailio) -> list[int | None]:
    return [sent.branch for sent in kam.take("cancel")]


class TestForking:
    def test_a_dropped_branch_takes_no_index(self) -> None:
        """The next one gets its number: never map a member by index."""
        seen: list[Any] = []

        def on_branch() -> None:
            seen.append(KSR.pv.get("$T_branch_idx"))
            if KSR.pv.get("$rU") == "b1":
                KSR.set_drop()

        kam = forking(*LEGS, on_branch=on_branch)
        assert [leg.branch for leg in kam.take("request")] == [0, 1]
        assert seen == [0, 0, 1]

    def test_all_dropped_is_minus_six_and_a_500(self) -> None:
        """Nothing leaves, and tm answers at the end of the script."""
        kam = forking(*LEGS, on_branch=KSR.set_drop)
        assert kam.take("request") == []
        assert kam.calls_in_progress()[0].status == 500

    def test_thirty_branches_and_no_more(self) -> None:
        """append_branch says -1 beyond tm's ceiling."""
        got: list[int] = []

        def route() -> None:
            KSR.tm.t_newtran()
            KSR.seturi(NEXT)
            got.extend(KSR.corex.append_branch_uri(f"sip:b{i}@127.0.0.20") for i in range(31))
            KSR.tm.t_relay()

        kam = running(route)
        assert got == [1] * 29 + [-1] * 2
        assert len(kam.take("request")) == 30

    def test_a_name_as_next_hop_is_refused(self) -> None:
        """tm would ask the DNS inside the worker."""

        def route() -> None:
            KSR.seturi("sip:bob@example.com")
            with pytest.raises(SystemError):
                KSR.tm.t_relay()

        with pytest.raises(AssertionError, match="is a name"):
            running(route)

    def test_avps_and_flags_reach_the_replies(self) -> None:
        """They live with the transaction."""
        got: list[Any] = []

        def on_branch() -> None:
            KSR.pv.sets("$avp(from)", "branch")
            KSR.setflag(4)

        def on_reply() -> None:
            got.extend([KSR.pv.get("$avp(from)"), KSR.isflagset(4), KSR.isflagset(5), KSR.pv.get("$T_branch_idx")])
            KSR.setflag(5)

        def on_failure() -> None:
            got.append(KSR.isflagset(5))
            KSR.tm.t_reply(480, "Gone")

        kam = forking(LEGS[0], on_branch=on_branch, on_reply=on_reply, on_failure=on_failure)
        kam.reply(kam.take("request")[0], 486)
        assert got == ["branch", True, False, 0, True]
        assert codes(kam) == [480]

    def test_a_retransmission_is_answered_and_forks_nothing(self) -> None:
        """t_newtran says 0 and the last reply goes out again."""
        got: list[int] = []

        def route() -> None:
            got.append(KSR.tm.t_newtran())
            if got[-1] > 0:
                KSR.seturi(NEXT)
                KSR.tm.t_relay()

        kam = running(route)
        kam.take()
        again = kam.receive(invite(), PEER)
        assert got == [1, 0]
        assert [(sent.what, sent.status) for sent in again] == [("reply", 100)]


class TestAnswers:
    def test_the_first_200_wins_and_cancels_who_rang(self) -> None:
        """With the reason of RFC 3326; a leg that never answered anything is only given up."""
        kam = forking(*LEGS)
        one, two, _ = kam.take("request")
        kam.reply(one, 180)
        kam.reply(two, 180)
        kam.reply(one, 200)
        out = kam.take("cancel")
        assert [sent.branch for sent in out] == [1]
        assert out[0].message.text("reason") == 'SIP;cause=200;text="Call completed elsewhere"'
        assert out[0].message.text("call-id") == "c1"

    def test_a_leg_given_up_is_cancelled_when_it_speaks(self) -> None:
        """Its late 180 brings the CANCEL; its late 200 goes to the caller."""
        kam = forking(*LEGS[:2])
        one, two = kam.take("request")
        kam.reply(one, 200)
        kam.take()
        kam.reply(two, 180)
        assert cancelled(kam) == [1]
        kam.reply(two, 200)
        assert codes(kam) == [200]

    def test_a_dropped_180_is_as_if_it_never_came(self) -> None:
        """tm forgets it, so the loser is not cancelled: the trap of dropping what rings."""
        kam = forking(*LEGS[:2], on_reply=lambda: KSR.set_drop() if KSR.pv.get("$rs") == 180 else None)
        one, two = kam.take("request")
        kam.reply(two, 180)
        assert codes(kam) == []
        kam.reply(one, 200)
        assert cancelled(kam) == []

    def test_a_final_cannot_be_dropped(self) -> None:
        """Only ksr_reply_route can."""
        kam = forking(LEGS[0], on_reply=KSR.set_drop)
        leg = kam.take("request")[0]
        kam.reply(leg, 180)
        kam.reply(leg, 200)
        assert codes(kam) == [200]

    def test_ksr_reply_route_drops_anything(self) -> None:
        """Before tm sees it."""
        kam = forking(LEGS[0], ksr_reply_route=KSR.set_drop)
        leg = kam.take("request")[0]
        kam.reply(leg, 200)
        assert kam.take() == []

    def test_a_reply_without_transaction_is_forwarded_as_it_is(self) -> None:
        """The core's doing, to the next Via."""
        kam = forking(LEGS[0])
        leg = kam.take("request")[0]
        kam.transactions.clear()
        kam.reply(leg, 200)
        assert [(sent.what, sent.to) for sent in kam.take()] == [("stateless_reply", PEER)]

    def test_the_status_line_changes_and_the_class_does_not(self) -> None:
        """180 may become 183, not 486."""
        got: list[int] = []

        def on_reply() -> None:
            got.append(KSR.textopsx.change_reply_status(486, "Busy"))
            got.append(KSR.textopsx.change_reply_status(180, "Ringing"))

        kam = forking(LEGS[0], on_reply=on_reply)
        kam.reply(kam.take("request")[0], 183, "Anh Nam 0844441909")
        assert got == [-1, 1]
        assert kam.take("reply")[0].data.startswith(b"SIP/2.0 180 Ringing\r\n")


class TestRefusals:
    def test_tm_picks_404_of_486_404_503(self) -> None:
        """And waits for the last one; each gets its ACK."""
        kam = forking(*LEGS)
        legs = kam.take("request")
        for leg, code in zip(legs, (486, 404, 503), strict=True):
            kam.reply(leg, code)
        sent = kam.take()
        assert [x.branch for x in sent if x.what == "ack"] == [0, 1, 2]
        assert [x.status for x in sent if x.what == "reply"] == [404]

    def test_a_603_ends_the_hunt_unless_disabled(self) -> None:
        """t_set_disable_6xx(1) keeps the others ringing."""
        kam = forking(*LEGS[:2])
        one, two = kam.take("request")
        kam.reply(two, 180)
        kam.reply(one, 603)
        assert cancelled(kam) == [1]
        kam = forking(*LEGS[:2], on_branch=lambda: KSR.tm.t_set_disable_6xx(1))
        one, two = kam.take("request")
        kam.reply(two, 180)
        kam.reply(one, 603)
        assert cancelled(kam) == []

    def test_time_runs_out(self) -> None:
        """The failure callback runs once, says timeout, and the ringing legs are cancelled without a reason."""
        got: list[Any] = []

        def on_failure() -> None:
            got.append((KSR.tm.t_any_timeout(), KSR.tm.t_is_canceled(), KSR.pv.get("$T_reply_code")))
            KSR.tm.t_reply(480, "Temporarily Unavailable")

        kam = forking(*LEGS[:2], on_failure=on_failure)
        one = kam.take("request")[0]
        kam.reply(one, 180)
        kam.take()
        kam.time_runs_out()
        assert got == [(1, -1, 408)]
        sent = kam.take()
        assert [x.branch for x in sent if x.what == "cancel"] == [0]
        assert [x.status for x in sent if x.what == "reply"] == [480]

    def test_the_caller_hangs_up(self) -> None:
        """200 to the CANCEL, CANCEL to who rang, failure callback after the last 487."""
        got: list[Any] = []

        def on_failure() -> None:
            got.append((KSR.tm.t_is_canceled(), KSR.tm.t_any_timeout()))
            KSR.tm.t_reply(487, "Request Terminated")

        kam = forking(*LEGS[:2], on_failure=on_failure)
        one, two = kam.take("request")
        kam.reply(one, 180)
        kam.take()
        kam.receive(cancel(), PEER)
        sent = kam.take()
        assert [x.status for x in sent if x.what == "reply"] == [200]
        assert [x.branch for x in sent if x.what == "cancel"] == [0]
        kam.reply(one, 487)
        assert got == []
        kam.reply(two, 180)
        assert cancelled(kam) == [1]
        kam.reply(two, 487)
        assert got == [(1, -1)]
        assert codes(kam) == [487]

    def test_a_200_that_crosses_the_cancel_is_relayed(self) -> None:
        """And the failure callback never runs."""
        got: list[str] = []
        kam = forking(LEGS[0], on_failure=lambda: got.append("failure"))
        leg = kam.take("request")[0]
        kam.reply(leg, 180)
        kam.receive(cancel(), PEER)
        kam.take()
        kam.receive(answer(leg, 200), leg.to)
        assert codes(kam) == [200]
        assert got == []
