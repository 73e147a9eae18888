"""The fake KSR keeps its word: strict where the real one forgives, and like it where it counts."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.fakes import ksr
from tests.fakes.kamailio import FakeKamailio
from tests.fakes.machine import IMPLEMENTED
from tests.fakes.message import MisplacedError
from tests.fakes.script import KSR, LEGS, NEXT, PEER, forking, invite, running
from tests.fakes.surface import MisuseError, load


class TestSurface:
    def test_every_function_is_one_of_the_real_kamailio(self) -> None:
        """The json is the surface; nothing is faked that is not there."""
        assert set(IMPLEMENTED) <= set(load())
        assert len(load()) > 300

    @pytest.mark.parametrize(
        "call",
        [
            lambda: KSR.tm.t_relya(),  # noqa: PLW0108 (raises when it is looked up)
            lambda: KSR.nosuch.thing(),  # noqa: PLW0108
            lambda: KSR.hdr.append(b"X: 1\r\n"),
            lambda: KSR.hdr.append(None),
            lambda: KSR.setflag("1"),
            lambda: KSR.setflag(True),
            KSR.setflag,
            lambda: KSR.tm.t_reply(500),
            lambda: KSR.setflag(2**31),
            lambda: KSR.pv.get("$nosuch"),
            lambda: KSR.hdr.append("X: 1"),
            lambda: KSR.hdr.append("not a header\r\n"),
            lambda: KSR.hdr.append("X: 1\r\n\r\n"),
            lambda: KSR.hdr.remove("Via"),
            lambda: KSR.textopsx.hf_iterator_next("never started"),
            lambda: KSR.tm.t_on_branch("nobody"),
            KSR.tm.t_is_canceled,
        ],
    )
    def test_a_wrong_call_fails_the_test_even_when_the_script_swallows_it(self, call: Callable[[], Any]) -> None:
        """A guard that catches everything cannot hide a misuse."""

        def guarded() -> None:
            with pytest.raises(Exception, match=r".*"):
                call()
            KSR.sl.send_reply(500, "No")

        with pytest.raises(AssertionError, match="KSR misused"):
            running(guarded)

    def test_text_that_c_cannot_take_raises_as_the_real_one(self) -> None:
        """A NUL from the wire is an event of the day, not a misuse: SystemError, and no verdict."""
        caught: list[type[BaseException]] = []

        def route() -> None:
            for text in ("a\0b", "\udcff"):
                try:
                    KSR.pv.sets("$avp(x)", text)
                except SystemError as error:
                    caught.append(type(error))

        running(route)
        assert caught == [SystemError, SystemError]

    def test_types_are_the_real_ones(self) -> None:
        """Core says bool, modules say 1 or -1, a null is None."""
        got: list[Any] = []

        def route() -> None:
            got.extend([KSR.setflag(1), KSR.isflagset(2), KSR.siputils.has_totag(), KSR.hdr.remove("X-Not-There")])
            got.extend([KSR.pv.get("$avp(no)"), KSR.pv.gete("$avp(no)"), KSR.hdr.get("X-No"), KSR.hdr.gete("X-No")])
            got.extend([KSR.pv.get("$sp"), KSR.pv.get("$si"), KSR.info("x\n"), KSR.pv.sets("$avp(a)", "1")])

        running(route)
        assert got == [True, False, -1, 1, None, "", None, "", 5060, "127.0.0.10", 0, True]
        assert [type(value) for value in got[:4]] == [bool, bool, int, int]

    def test_a_call_outside_a_message_is_refused(self) -> None:
        """mod_init and child_init may log and nothing else."""
        FakeKamailio()
        KSR.info("starting\n")
        with pytest.raises(MisuseError, match="needs a message"):
            KSR.setflag(1)


class TestCallbacks:
    def test_an_exception_that_gets_out_fails_the_test(self) -> None:
        """The real one would only log it."""
        with pytest.raises(AssertionError, match="a callback raised"):
            running(lambda: 1 / 0)

    def test_a_callback_must_return_an_int(self) -> None:
        """None is how a forgotten return looks."""
        kam = FakeKamailio(type("S", (), {"ksr_request_route": lambda _self, _msg: None})())
        with pytest.raises(AssertionError, match="not an int"):
            kam.receive(invite(), PEER)

    def test_an_open_iterator_at_the_end_of_a_callback_fails(self) -> None:
        """The real one has four for ever."""
        with pytest.raises(AssertionError, match="left the header iterator 'i' open"):
            running(lambda: KSR.textopsx.hf_iterator_start("i"))

    def test_there_are_four_iterators(self) -> None:
        """The fifth is refused, and one that has ended makes room."""
        got: list[int] = []

        def route() -> None:
            got.extend(KSR.textopsx.hf_iterator_start(name) for name in "abcde")
            for name in "abcd":
                KSR.textopsx.hf_iterator_end(name)

        running(route)
        assert got == [1, 1, 1, 1, -1]

    def test_a_branch_callback_that_raises_sends_the_leg_unchanged(self) -> None:
        """Fail-open, as the real one: that is what guards are for."""
        with pytest.raises(AssertionError, match="a callback raised"):
            forking(LEGS[0], on_branch=lambda: 1 / 0)
        assert [sent.what for sent in ksr.current().sent] == ["reply", "request"]

    def test_a_transaction_left_alone_fails(self) -> None:
        """Neither answered, relayed nor released: the caller would wait."""
        with pytest.raises(AssertionError, match="neither answered"):
            running(KSR.tm.t_newtran)


class TestHeaders:
    def test_changes_show_only_on_the_wire(self) -> None:
        """What the script reads stays as it came, until msg_apply_changes."""
        read: list[Any] = []

        def route() -> None:
            KSR.hdr.remove("From")
            KSR.hdr.append("From: <sip:x@y>;tag=z\r\n")
            read.append(KSR.pv.get("$fU"))
            KSR.textopsx.msg_apply_changes()
            read.append(KSR.pv.get("$fU"))
            KSR.seturi(NEXT)
            KSR.tm.t_relay()

        kam = running(route)
        assert read == ["alice", "x"]
        out = kam.take("request")[0].message
        assert [header.body for header in out.all("from")] == ["<sip:x@y>;tag=z"]

    def test_the_iterator_sees_every_header_and_removes(self) -> None:
        """Compact forms and folded lines too."""
        names: list[Any] = []

        def route() -> None:
            KSR.textopsx.hf_iterator_start("i")
            while KSR.textopsx.hf_iterator_next("i") > 0:
                name = KSR.textopsx.hf_iterator_hname("i")
                names.append((name, KSR.textopsx.hf_iterator_hbody("i")))
                if name in ("X-A", "s"):
                    KSR.textopsx.hf_iterator_rm("i")
            KSR.textopsx.hf_iterator_end("i")
            KSR.seturi(NEXT)
            KSR.tm.t_relay()

        kam = running(route, invite("X-A: one\r\n  two\r\ns: hi\r\nX-B : 3\r\n"))
        assert ("X-A", "one\r\n  two") in names
        assert ("X-B", "3") in names
        out = kam.take("request")[0].data
        assert b"two" not in out
        assert b"s: hi" not in out
        assert b"X-B : 3\r\n" in out

    def test_each_leg_has_changes_of_its_own(self) -> None:
        """What one leg's callback adds is not on the next leg."""
        kam = forking(*LEGS, on_branch=lambda: KSR.hdr.append(f"X-To: {KSR.pv.get('$rU')}\r\n"))
        legs = kam.take("request")
        assert [leg.message.text("x-to") for leg in legs] == ["b1", "b2", "b3"]
        assert [len(leg.message.all("x-to")) for leg in legs] == [1, 1, 1]

    def test_a_new_body_brings_its_length_and_type(self) -> None:
        """Content-Length is corrected, Content-Type replaced."""

        def route() -> None:
            KSR.textops.set_body("v=0\r\n", "application/sdp")
            KSR.seturi(NEXT)
            KSR.tm.t_relay()

        out = running(route, invite("Content-Type: text/plain\r\n", "hello world")).take("request")[0].message
        assert (out.body, out.text("content-length"), out.text("content-type")) == (b"v=0\r\n", "5", "application/sdp")

    def test_a_line_inside_a_header_that_goes_is_refused(self) -> None:
        """The real one would leave a stray number where Content-Length was."""

        def route() -> None:
            KSR.hdr.remove("Content-Length")
            KSR.textopsx.remove_body()
            KSR.seturi(NEXT)
            with pytest.raises(MisplacedError):
                KSR.tm.t_relay()

        with pytest.raises(AssertionError, match="stray number"):
            running(route, invite(body="hello"))

    def test_a_header_that_is_not_utf_8_raises(self) -> None:
        """As the real one: UnicodeDecodeError, at the reading."""
        raised: list[str] = []

        def route() -> None:
            try:
                KSR.hdr.get("Subject")
            except UnicodeDecodeError:
                raised.append("decode")

        running(route, invite("Subject: caf\xe9\r\n").decode().encode("latin-1"))
        assert raised == ["decode"]

    def test_max_forwards_counts_down_in_place(self) -> None:
        """Zero is -1; an absent one is added."""
        got: list[Any] = []

        def route() -> None:
            got.append(KSR.maxfwd.process_maxfwd(70))
            got.append(KSR.hdr.get("Max-Forwards"))

        running(route)
        running(route, invite().replace(b"Max-Forwards: 70", b"Max-Forwards: 0"))
        running(route, invite().replace(b"Max-Forwards: 70", b"Max-Forwards: 10"))
        assert got == [1, "69", -1, "0", 1, "9"]
