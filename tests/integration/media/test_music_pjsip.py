"""A real telephone, PJSIP, hears the group's sound and then the member."""

import array
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from deploy.settings import ROOT
from deploy.wait import until
from tests.edge import CUSTOMER_HOST, HOTLINE, Edge
from tests.integration.media.sounds import TUNE
from tests.listening import RATE, likeness, share
from tests.media_room import LOW, media_of, offer
from tests.rtpengine import Sessions
from tests.sip import Member
from tests.telephone import Telephone, tone

PATIENT = 20.0
pytestmark = pytest.mark.usefixtures("playing")


def test_a_real_telephone_hears_the_sound_and_then_the_member(
    edge: Edge, bob: Member, members: Telephone, sessions: Sessions, tmp_path: Path
) -> None:
    """PJSIP takes the 183 and the 200, which are two dialogs, as one call, and follows the answer of each."""
    heard, host = tmp_path / "heard.wav", f"{edge.address[0]}:{edge.address[1]}"
    command = [sys.executable, "-m", "tests.integration.pjsip_caller", CUSTOMER_HOST, f"sip:{HOTLINE}@{host}"]
    with subprocess.Popen(
        [*command, str(heard)], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as pjsip:
        assert pjsip.stdin is not None
        assert pjsip.stdout is not None
        bob.rings()
        assert until(lambda: is_heard(heard, lambda voice: likeness(voice[-800:], TUNE) > 0.9), PATIENT)
        bob.answers(offer(members, "bob"))
        assert bob.was_acked
        members.plays(media_of(bob.invite.body), tone(LOW, 50))
        assert until(lambda: is_heard(heard, lambda voice: share(voice[-8000:], LOW) > 0.3), PATIENT)
        pjsip.stdin.write(b'{"hang_up": true}\n')
        pjsip.stdin.flush()
        assert bob.was_hung_up
        pjsip.stdin.close()
        facts = [json.loads(line) for line in pjsip.stdout]
    assert [fact["code"] for fact in facts if fact["what"] == "early"] == [183]
    assert sessions.become(0)


def is_heard(file: Path, what: Callable[[list[int]], bool]) -> bool:
    """What is in a WAV file that is still being written."""
    samples = array.array("h", file.read_bytes()[44:][: file.stat().st_size - 44 & ~1]) if file.exists() else []
    return len(samples) > RATE and what(list(samples))
