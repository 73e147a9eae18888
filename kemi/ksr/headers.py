"""One pass over a message's headers: what may stay stays, the identity is taken out, the rest is removed.

`hf_iterator` with a table of names is the cheapest allow-list (7.5 µs against 37–77 µs of the regex ones).
"""

from typing import Final

import KSR

from kemi.domain.masking import FATES, Fate, clean
from kemi.exchange import Taken
from kemi.ksr.truth import must

_ITERATOR: Final = "edge"
_start = KSR.textopsx.hf_iterator_start
_next = KSR.textopsx.hf_iterator_next
_end = KSR.textopsx.hf_iterator_end
_name = KSR.textopsx.hf_iterator_hname
_value = KSR.textopsx.hf_iterator_hbody
_remove = KSR.textopsx.hf_iterator_rm
_append = KSR.textopsx.hf_iterator_append


def take(vias_kept: int, *, keep_to: bool = False) -> Taken:
    """Remove from the message all that may not pass, and return what was taken out.

    `vias_kept`: Via headers that stay (1 in a request; 2 in a reply, ours and its receiver's). `keep_to`: the To
    is neutral already. Raises `UnicodeDecodeError` and `ValueError` where the message cannot be read.
    """
    taken, vias = Taken(), 0
    must(_start(_ITERATOR), "hf_iterator_start")
    try:
        while _next(_ITERATOR) > 0:
            fate = FATES[_name(_ITERATOR)]
            if fate is Fate.KEEP or (keep_to and fate is Fate.TO):
                continue
            if fate is Fate.DROP:
                _remove(_ITERATOR)
                continue
            if fate is Fate.VIA:
                vias += 1
                if vias <= vias_kept:
                    continue
            _take_one(taken, fate)
    finally:
        _end(_ITERATOR)
    if vias_kept == 1 and vias == 0:
        raise ValueError("a request without a Via")
    return taken


def _take_one(taken: Taken, fate: Fate) -> None:
    value = _unfolded(_value(_ITERATOR))
    if fate is Fate.CHECK:
        name = _name(_ITERATOR)
        kept = clean(name, value)
        if kept == value:
            return
        if kept:
            taken.lines.append(f"{name}: {kept}")
    elif fate is Fate.CONTENT_TYPE:
        taken.content_type = value
        return  # goes or stays with the body
    elif fate in _LISTS:
        getattr(taken, _LISTS[fate]).append(value)
    else:
        setattr(taken, _FIELDS[fate], value)
    _remove(_ITERATOR)


def restore_vias(vias: list[str]) -> None:
    """Give a reply the sender's deeper Vias again, below the one that is there for him (RFC 3261 §18.2.2)."""
    must(_start(_ITERATOR), "hf_iterator_start")
    try:
        seen = 0
        while _next(_ITERATOR) > 0:
            if FATES[_name(_ITERATOR)] is Fate.VIA:
                seen += 1
                if seen == 2:  # the first is ours, tm takes it off
                    must(_append(_ITERATOR, "".join(f"Via: {via}\r\n" for via in vias)), "hf_iterator_append")
                    return
        raise ValueError("a reply without its receiver's Via")
    finally:
        _end(_ITERATOR)


def _unfolded(value: str) -> str:
    # RFC 3261 §7.3.1: a folded line is one line.
    return " ".join(value.split()) if "\n" in value or "\r" in value else value


_FIELDS: Final = {
    Fate.FROM: "from_",
    Fate.TO: "to",
    Fate.CALL_ID: "call_id",
    Fate.CONTACT: "contact",
    Fate.SUPPORTED: "supported",
    Fate.REQUIRE: "require",
    Fate.RSEQ: "rseq",
}
_LISTS: Final = {
    Fate.VIA: "deep_vias",
    Fate.RECORD_ROUTE: "record_routes",
    Fate.ASSERTED: "asserted",
    Fate.PRIVACY: "privacy",
}
