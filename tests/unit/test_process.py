"""One supervised process, seen from two threads."""

import os
import signal
from pathlib import Path

from deploy.parts import Part
from deploy.process import Process


def test_a_process_that_another_thread_has_just_reaped_has_ended(tmp_path: Path) -> None:
    """Between the kernel's word and Popen's code nobody is told that there is no such child."""
    process = Process(Part("idle", ["sleep", "60"], ready=lambda: True), dict(os.environ), tmp_path / "log")
    process.start()
    pid = process.pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    assert process.pid is None
    process.stop()
