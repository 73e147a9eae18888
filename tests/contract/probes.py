"""What the cases share: how to show what was seen, and walks over the headers."""

import json
from collections.abc import Callable
from typing import Any

import KSR

Body = Callable[[], Any]


def shown(value: Any) -> Any:
    """Return a value with its type, for bool and int look alike in JSON."""
    if isinstance(value, list | tuple):
        return [shown(item) for item in value]
    return f"{type(value).__name__}:{value}"


def header(saw: Any) -> str:
    """Return the header line that carries what was seen."""
    return "X-Saw: " + json.dumps(shown(saw)) + "\r\n"


def attempt(call: Body) -> Any:
    """Return what `call` returns, or what it raises: the fake's errors are of the real one's kinds."""
    try:
        return call()
    except (UnicodeDecodeError, AttributeError, SystemError) as error:
        kinds = (UnicodeDecodeError, AttributeError, SystemError)
        return f"raised {next(kind.__name__ for kind in kinds if isinstance(error, kind))}"


def walk(name: str = "i") -> list[Any]:
    """Walk all headers and return their names and bodies."""
    out: list[Any] = [KSR.textopsx.hf_iterator_start(name)]
    while KSR.textopsx.hf_iterator_next(name) > 0:
        if KSR.textopsx.hf_iterator_hname(name) not in ("Via", "Content-Length"):
            out.append(f"{KSR.textopsx.hf_iterator_hname(name)}|{KSR.textopsx.hf_iterator_hbody(name)}")
    out.append(KSR.textopsx.hf_iterator_next(name))
    out.append(KSR.textopsx.hf_iterator_hname(name))
    out.append(KSR.textopsx.hf_iterator_end(name))
    return out


def at(wanted: str, act: Body) -> Any:
    """Run `act` while the iterator stands on the header `wanted`."""
    KSR.textopsx.hf_iterator_start("i")
    try:
        while KSR.textopsx.hf_iterator_next("i") > 0:
            if KSR.textopsx.hf_iterator_hname("i") == wanted:
                return act()
        return "not found"
    finally:
        KSR.textopsx.hf_iterator_end("i")
