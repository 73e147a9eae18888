"""The module `KSR` of the tests. Importing this file puts it where `import KSR` finds it.

The module and its functions are made once and never change, for the code under test keeps them; what they act on is
the machine of the moment, set by `use`.
"""

import sys
from typing import Any

from tests.fakes import asking, bodies, core, headers, iterators, own, sleeping, tables, tm, variables  # noqa: F401 (importing them registers the functions)
from tests.fakes.machine import Machine
from tests.fakes.surface import MisuseError, load, namespace

_now: list[Machine] = []


def _dispatch(name: str, args: tuple[Any, ...]) -> Any:
    return current().dispatch(name, args)


def _missing(text: str) -> MisuseError:
    return current().missing(text)


def current() -> Machine:
    """Return the machine that KSR acts on."""
    if not _now:
        _now.append(Machine())
    return _now[-1]


def use(machine: Machine) -> Machine:
    """Let KSR act on `machine` from now on."""
    _now[:] = [machine]
    return machine


KSR = namespace(load(), _dispatch, _missing)
sys.modules["KSR"] = KSR
