"""Where a call is played: addresses of the parties, SIPp for each, and the capture around them."""

from pathlib import Path
from typing import NamedTuple

from deploy.demo.capture import Capture
from deploy.demo.stories import CALLER, HOTLINE, MEMBERS, Story
from deploy.demo.wire import Message, messages
from deploy.sipp import Party
from kemi.errors import EdgeError


class Stage(NamedTuple):
    """Host and port of each party, and the directory for logs and captures."""

    edge: tuple[str, int]
    customer: tuple[str, int]
    gateway: tuple[str, int]
    log: Path


def play(story: Story, stage: Stage) -> tuple[list[Message], str]:
    """Play one call; return what was on the wire, and what a party missed in it ("" for nothing).

    Raises `CaptureError`.
    """
    file = stage.log / f"{story.customer}.pcapng"
    called = Party(story.gateway, stage.gateway, stage.log, calls=len(MEMBERS))
    caller = Party(
        story.customer, stage.customer, stage.log, remote=stage.edge, hotline=HOTLINE, keys={"caller": CALLER}
    )
    with Capture(file, [stage.edge[1], stage.customer[1], stage.gateway[1]]) as capture, called, caller:
        missed = caller.finish() or called.finish()
    seen = messages(capture.packets(), stage.edge, stage.customer)
    if not seen:
        raise EdgeError(f"nothing was captured ({file})")
    return seen, missed
