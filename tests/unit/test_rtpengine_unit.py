"""The systemd unit starts rtpengine as the stack does: an option that one gets, the other gets."""

import re
from pathlib import Path

from deploy.parts import rtpengine
from deploy.settings import ROOT, FixedSettings

UNIT = ROOT / "deploy" / "systemd" / "external-groups-rtpengine.service"


def test_the_unit_and_the_stack_start_the_same_rtpengine() -> None:
    """With the settings that the unit's comment and the README's defaults have."""
    text = re.sub(r"\\\n\s*", "", UNIT.read_text())
    [command] = re.findall(r"^ExecStart=/usr/bin/(rtpengine .*)$", text, re.MULTILINE)
    settings = FixedSettings(var_dir=Path("/var/lib/external-groups"), sip_listen="udp:192.0.2.10:5060")
    assert sorted(command.split()) == sorted(rtpengine(settings, ("127.0.0.1", 2223)).command)
