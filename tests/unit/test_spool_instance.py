"""A start of the edge is alive as long as one of its processes is, and not a moment longer."""

import os
import select
import signal
from pathlib import Path

import pytest

from kemi.domain.instances import boot_of, node_of
from kemi.spool.instance import claim_instance, is_alive


def test_a_claimed_instance_is_alive_until_its_last_process_is_gone(tmp_path: Path) -> None:
    """The main process dies, a worker lives on: alive; the worker is killed too: gone."""
    name_read, name_write = os.pipe()
    pid_read, pid_write = os.pipe()
    main = os.fork()
    if main == 0:
        instance = claim_instance(tmp_path, "edge")
        worker = os.fork()
        if worker == 0:
            signal.pause()
        os.write(pid_write, str(worker).encode())
        os.write(name_write, instance.name.encode())
        os._exit(0)
    os.waitpid(main, 0)
    name, worker = os.read(name_read, 200).decode(), int(os.read(pid_read, 20))
    watch = os.pidfd_open(worker)
    assert is_alive(tmp_path, name)
    signal.pidfd_send_signal(watch, signal.SIGKILL)
    assert select.select([watch], [], [], 5)[0]
    assert not is_alive(tmp_path, name)


def test_asking_disturbs_nobody(tmp_path: Path) -> None:
    instance = claim_instance(tmp_path, "edge")
    assert is_alive(tmp_path, instance.name)
    assert is_alive(tmp_path, instance.name)
    os.close(instance.fd)
    assert not is_alive(tmp_path, instance.name)


def test_an_instance_that_was_never_here_is_gone(tmp_path: Path) -> None:
    assert not is_alive(tmp_path, "edge-0badf00d-1")


def test_two_starts_have_two_names(tmp_path: Path) -> None:
    first, second = claim_instance(tmp_path, "edge"), claim_instance(tmp_path, "edge")
    assert first.name != second.name


def test_a_name_tells_node_and_boot_even_if_the_node_has_hyphens(tmp_path: Path) -> None:
    name = claim_instance(tmp_path, "sg-edge-1").name
    boot = Path("/proc/sys/kernel/random/boot_id").read_text()[:8]
    assert node_of(name) == "sg-edge-1"
    assert boot_of(name) == f"sg-edge-1-{boot}"


@pytest.mark.parametrize("node", ["", "a/b", "A", "x" * 33, "é"])
def test_a_node_name_that_cannot_name_a_file_is_refused(tmp_path: Path, node: str) -> None:
    with pytest.raises(ValueError, match="node's name"):
        claim_instance(tmp_path, node)
