"""KSR.textopsx.hf_iterator_*: the one pass over a message's headers."""

from tests.fakes.headers import cut, header_lines, message_at_hand
from tests.fakes.machine import MAX_ITERATORS, Machine, kemi
from tests.fakes.message import Header
from tests.fakes.state import Iterator
from tests.fakes.surface import MisuseError


@kemi("textopsx.hf_iterator_start")
def _start(m: Machine, name: str) -> int:
    """A name keeps its place for ever, also when it has ended: four names a process are all there is."""
    m.iterator_names.setdefault(name)
    if list(m.iterator_names).index(name) >= MAX_ITERATORS:
        del m.iterator_names[name]
        return -1
    m.iterators[name] = Iterator()
    m.here.iterators.add(name)
    return 1


def _iterator(m: Machine, name: str) -> Iterator:
    if name not in m.here.iterators:
        raise MisuseError(f"header iterator {name!r} was not started in this callback")
    return m.iterators[name]


@kemi("textopsx.hf_iterator_next")
def _next(m: Machine, name: str) -> int:
    iterator = _iterator(m, name)
    if iterator.at_end:
        return -1
    iterator.index += 1
    headers = message_at_hand(m).headers
    iterator.header = headers[iterator.index] if iterator.index < len(headers) else None
    iterator.at_end = iterator.header is None
    return -1 if iterator.at_end else 1


@kemi("textopsx.hf_iterator_end")
def _end(m: Machine, name: str) -> int:
    if name not in m.iterator_names and m.iterator_names:
        return -1  # its start was refused
    _iterator(m, name)
    del m.iterators[name]
    m.here.iterators.discard(name)
    return 1


def _current(m: Machine, name: str) -> Header | None:
    return _iterator(m, name).header


@kemi("textopsx.hf_iterator_hname")
def _hname(m: Machine, name: str) -> str | None:
    header = _current(m, name)
    return header.raw_name.decode("utf-8") if header else None


@kemi("textopsx.hf_iterator_hbody")
def _hbody(m: Machine, name: str) -> str | None:
    header = _current(m, name)
    return header.body if header else None


@kemi("textopsx.hf_iterator_rm")
def _rm(m: Machine, name: str) -> int:
    header = _current(m, name)
    if header is None:
        return -1
    cut(message_at_hand(m), header)
    return 1


@kemi("textopsx.hf_iterator_append")
def _iterator_append(m: Machine, name: str, text: str) -> int:
    header = _current(m, name)
    if header is None:
        return -1
    message_at_hand(m).add(header.end, header_lines(text))
    return 1


@kemi("textopsx.hf_iterator_insert")
def _iterator_insert(m: Machine, name: str, text: str) -> int:
    header = _current(m, name)
    if header is None:
        return -1
    message_at_hand(m).add(header.at, header_lines(text))
    return 1
