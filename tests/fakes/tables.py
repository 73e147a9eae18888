"""KSR.htable: tables in shared memory, those that kamailio.cfg defines; one that it does not is a `MisuseError`.

Nothing expires here by itself: `Machine.tables` is a test's to change, as time and kemi.watch do.
"""

import re
from functools import cache
from pathlib import Path
from typing import Any, Final

from tests.fakes.machine import Machine, kemi
from tests.fakes.surface import MisuseError

_CONFIG: Final = Path(__file__).parents[2] / "kamailio.cfg"
_DEFINED: Final = re.compile(r'^modparam\("htable", "htable", "(\w+)=>([^"]*)"\)', re.MULTILINE)
_NO_VALUE: Final = -255  # KSR_HT_KEMI_NOINTVAL


@cache
def definitions() -> dict[str, int | None]:
    """Return the tables of kamailio.cfg, each with the value that its cells begin with."""
    found = {}
    for name, spec in _DEFINED.findall(_CONFIG.read_text()):
        initial = re.search(r"initval=(-?\d+)", spec)
        found[name] = int(initial[1]) if initial else None
    return found


def _table(m: Machine, name: str) -> dict[str, Any]:
    if name not in definitions():
        raise MisuseError(f"kamailio.cfg defines no htable {name}")
    return m.tables.setdefault(name, {})


def _add(m: Machine, name: str, key: str, change: int) -> int:
    table, initial = _table(m, name), definitions()[name]
    value = table.get(key, initial)
    if not isinstance(value, int):
        return _NO_VALUE
    table[key] = value + change
    return value + change


@kemi("htable.sht_inc")
def _inc(m: Machine, name: str, key: str) -> int:
    return _add(m, name, key, 1)


@kemi("htable.sht_dec")
def _dec(m: Machine, name: str, key: str) -> int:
    return _add(m, name, key, -1)


@kemi("htable.sht_get")
def _get(m: Machine, name: str, key: str) -> int | str | None:
    value: int | str | None = _table(m, name).get(key, definitions()[name])
    return value


@kemi("htable.sht_sets", "htable.sht_seti")
def _set(m: Machine, name: str, key: str, value: str | int) -> int:
    _table(m, name)[key] = value
    return 1


@kemi("htable.sht_rm")
def _rm(m: Machine, name: str, key: str) -> int:
    _table(m, name).pop(key, None)
    return 1


@kemi("htable.sht_lock", "htable.sht_unlock")
def _lock(m: Machine, name: str, key: str) -> int:
    """One process: there is nobody to wait for. What is left locked is found by the test of `kemi.ksr.counters`."""
    _table(m, name)
    del key
    return 1
