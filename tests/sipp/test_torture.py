"""RFC 4475: all 49 messages, byte for byte, to a real edge; after each the edge serves a call as ever."""

import hashlib
from collections.abc import Iterator

import pydantic
import pytest

from sipp_scenarios.torture import play, replies
from sipp_scenarios.torture.rows import Row, rows
from sipp_scenarios.torture.sender import Sender
from tests.edge import Edge
from tests.sip.message import parse


@pytest.fixture(scope="module")
def sender(edge: Edge) -> Iterator[Sender]:
    """One trunk for all."""
    with play.torturer(edge) as sender:
        yield sender


@pytest.mark.parametrize("row", rows(), ids=lambda row: row.name)
def test_a_message_is_answered_as_promised_and_the_next_call_goes_on(row: Row, edge: Edge, sender: Sender) -> None:
    """The answer, no crash, no traceback, no number in the log, nothing of it in the call after it."""
    assert play.problems(row, edge, sender) == []


@pytest.mark.parametrize("row", [row for row in rows() if row.called], ids=lambda row: row.name)
def test_a_call_with_such_a_message_is_refused_or_rings_masked(row: Row, edge: Edge, sender: Sender) -> None:
    """The same INVITE, its address the hotline's: 400, or four legs in which nothing of it is found."""
    assert play.problems(row, edge, sender, called=True) == []


@pytest.mark.parametrize("row", [row for row in rows() if row.replied], ids=lambda row: row.name)
def test_such_a_reply_of_a_members_answers_masked_or_is_as_if_it_never_came(row: Row, edge: Edge) -> None:
    """And then another member can answer."""
    assert replies.problems(row, edge) == []


def test_all_49_are_there_as_the_rfc_has_them() -> None:
    """The digest of the files of its appendix A, in the order of their names."""
    assert len(rows()) == 49
    digest = hashlib.sha256(b"".join(row.raw for row in sorted(rows(), key=lambda row: row.name)))
    assert digest.hexdigest() == "c130abdedde20f53b7f1c70181dc8fc115afd568a12977d7db3d597f39a21378"


def test_a_wrong_promise_is_reported(edge: Edge, sender: Sender) -> None:
    """An answer that does not come, one that was not promised, silence."""
    [options] = [row for row in rows() if row.name == "transports"]
    for wrong, said in ((400, "not 400"), (None, "not by nobody")):
        found = play.problems(options.model_copy(update={"answer": wrong}), edge, sender)
        assert [each.endswith(said) for each in found] == [True]


@pytest.mark.parametrize("changed", [{"answer": 200, "why": None}, {"answer": 400, "why": "said for nothing"}])
def test_a_difference_needs_its_reason_and_a_reason_its_difference(changed: dict[str, object]) -> None:
    """What the RFC asks for is 400."""
    row = {"name": "x", "section": "3.1", "what": "x", "asked": "400", "codes": [400], **changed}
    with pytest.raises(pydantic.ValidationError, match="if and only if"):
        Row.model_validate(row)


def test_what_cannot_be_parsed_is_answered_to_a_trunk_alone(edge: Edge, sender: Sender) -> None:
    """A stranger's datagram gets nothing: there is nobody to be told, and nothing to be bounced off us."""
    [row] = [row for row in rows() if row.name == "quotbal"]
    with Sender(edge.address) as stranger:
        stranger.send(row.raw)
        assert play.problems(row, edge, sender) == []
        assert stranger.answers(parse(row.raw).call_id, 0) == []
