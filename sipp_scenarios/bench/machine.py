"""What a figure depends on: the machine, the versions, the commit."""

import os
import platform
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

from deploy.settings import ROOT
from sipp_scenarios.bench import asterisk


def facts(seed: int) -> dict[str, str]:
    """Return them in words."""
    return {
        "machine": f"{os.cpu_count()} cores, {_cpu()}, {_memory_gib():.0f} GiB",
        "kernel": platform.release(),
        "Kamailio": _first_line("kamailio", "-v"),
        "SIPp": _first_line("sipp", "-v").rstrip("."),
        "PostgreSQL": _first_line("pg_config", "--version"),
        "Python": platform.python_version(),
        "packages": ", ".join(f"{name} {version(name)}" for name in ("cryptography", "lmdb", "msgspec")),
        "commit": commit(),
        "seed": str(seed),
    }


def commit() -> str:
    """Return what the code is; "-dirty" where it has been changed since."""
    return _first_line("git", "-C", str(ROOT), "describe", "--always", "--dirty", "--abbrev=12")


def command(target: str) -> str:
    """Return what was typed to measure this: the target of make, and its arguments."""
    return f"make {target} ARGS='{' '.join(sys.argv[1:])}'".replace(" ARGS=''", "")


def of_asterisk() -> dict[str, str]:
    """Return its version, if it is there."""
    try:
        return {"Asterisk": f"{asterisk.version()} of Debian {asterisk.SUITE}"}
    except asterisk.NoAsterisk:
        return {}


def _first_line(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    said = (done.stdout + done.stderr).strip()
    return said.splitlines()[0].strip() if said else "not known"


def _cpu() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def _memory_gib() -> float:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / (1 << 30)
