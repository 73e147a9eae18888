"""The KEMI surface of the real Kamailio, and a check of every call against it, stricter than the real one.

The real 5.6.3 raises SystemError for a wrong argument, 6.0 returns False, which reads as success; both forgive a
bool for an int. Here all of it is a `MisuseError`, kept by the machine, so that a guard in the code under test cannot
hide it.
"""

import functools
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any, Final

VERSION: Final = "5.6.3"
_PYTHON_TYPE: Final = {"str": str, "int": int}
Dispatch = Callable[[str, tuple[Any, ...]], Any]


class MisuseError(SystemError):
    """The code under test called KSR in a way the real one would not survive, or not mean."""


class UnknownNameError(MisuseError, AttributeError):
    """The real KSR has no such name."""


@dataclass(frozen=True)
class Spec:
    """One KEMI function: its dotted name, return type and parameter types as `app_python.api_list` tells them."""

    name: str
    returns: str
    params: tuple[str, ...]

    def check(self, args: tuple[Any, ...]) -> None:
        """Raise `MisuseError` unless `args` are right; SystemError, as the real one, for text C cannot take."""
        if len(args) != len(self.params):
            raise MisuseError(f"KSR.{self.name} takes {len(self.params)} arguments, got {len(args)}")
        for index, (arg, want) in enumerate(zip(args, self.params, strict=True)):
            if type(arg) is not _PYTHON_TYPE[want]:
                raise MisuseError(f"KSR.{self.name}: argument {index} must be {want}, got {type(arg).__name__}")
            if isinstance(arg, str):
                _must_be_c_text(self.name, arg)
            elif isinstance(arg, int) and not -(2**31) <= arg < 2**31:
                raise MisuseError(f"KSR.{self.name}: argument {index} does not fit an int: {arg}")

    def check_return(self, value: Any) -> Any:
        """Return `value` if it is of the function's type: bool, int, or str|int|None for what is read."""
        fits = {
            "bool": type(value) is bool,
            "int": type(value) is int,
            "none": type(value) is int,  # a function without a result hands its C int through
            "xval": value is None or type(value) in (str, int),
        }[self.returns]
        assert fits, f"the fake's KSR.{self.name} returned {value!r}, not a {self.returns}"
        return value


def _must_be_c_text(name: str, text: str) -> None:
    try:
        encoded = text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise SystemError(f"KSR.{name}: {error}") from error
    if b"\0" in encoded:
        raise SystemError(f"KSR.{name}: embedded null character")


@functools.cache
def load(version: str = VERSION) -> dict[str, Spec]:
    """Return the surface of a Kamailio version: dotted name → `Spec`."""
    path = Path(__file__).parent / f"ksr_api_{version}.json"
    functions = json.loads(path.read_text())["functions"]
    return {name: Spec(name, entry["returns"], tuple(entry["params"])) for name, entry in functions.items()}


class Namespace(ModuleType):
    """`KSR` or one of its modules; a name the real one does not have is a `MisuseError`."""

    def __init__(self, name: str, missing: Callable[[str], MisuseError]) -> None:
        super().__init__(name)
        self.__dict__["_missing"] = missing

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        raise self.__dict__["_missing"](f"{self.__name__}.{name} does not exist")


def namespace(specs: dict[str, Spec], dispatch: Dispatch, missing: Callable[[str], MisuseError]) -> Namespace:
    """Build the module `KSR`: every function of the surface, each handing its name and arguments to `dispatch`."""
    root = Namespace("KSR", missing)
    for spec in specs.values():
        module, _, name = spec.name.rpartition(".")
        place = root
        if module:
            place = root.__dict__.setdefault(module, Namespace(f"KSR.{module}", missing))
        place.__dict__[name] = _bound(spec.name, dispatch)
    return root


def _bound(name: str, dispatch: Dispatch) -> Callable[..., Any]:
    def call(*args: Any) -> Any:
        return dispatch(name, args)

    call.__name__ = call.__qualname__ = f"KSR.{name}"
    return call
