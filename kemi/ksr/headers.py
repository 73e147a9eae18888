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
_DROP, _CHECK, _VIA, _TO, _CONTENT_TYPE = (  # looked up once: an Enum's member costs 40 ns a look
    *(Fate.DROP, Fate.CHECK, Fate.VIA),
    *(Fate.TO, Fate.CONTENT_TYPE),
)
_ONCE: Final = (Fate.CSEQ, Fate.MAX_FORWARDS, Fate.CONTENT_LENGTH)


def take(vias_kept: int, *, keep_to: bool = False) -> Taken:
    """Remove from the message all that may not pass, and return what was taken out.

    `vias_kept`: Via headers that stay (1 in a request; 2 in a reply, ours and its receiver's). `keep_to`: the To
    is neutral already. Raises `UnicodeDecodeError` and `ValueError` where the message cannot be read; it is stripped
    all the same, because there are replies that nothing can hold back.
    """
    taken, vias = Taken(), 0
    kept: list[Fate] = []
    wrong: ValueError | None = None
    must(_start(_ITERATOR), "hf_iterator_start")
    try:
        while _next(_ITERATOR) > 0:
            try:
                name = _name(_ITERATOR)
                fate = FATES[name]
                if fate in _ONCE:
                    if fate not in kept:
                        kept.append(fate)
                        continue
                    fate = _DROP
                elif fate is _VIA:
                    vias += 1
                    if vias <= vias_kept:
                        continue
                elif fate is _TO and keep_to:
                    continue
                if fate is not _DROP and _stays(taken, fate, name):
                    continue
            except UnicodeDecodeError as error:
                wrong = error
            must(_remove(_ITERATOR), "hf_iterator_rm")
    finally:
        _end(_ITERATOR)
    if wrong is not None:
        raise wrong
    if vias_kept == 1 and vias == 0:
        raise ValueError("a request without a Via")
    return taken


def _stays(taken: Taken, fate: Fate, name: str) -> bool:
    """Put the header at hand into `taken`; True where it may stay as it is."""
    value: str = _value(_ITERATOR)
    if "\n" in value:
        value = " ".join(value.split())  # RFC 3261 §7.3.1: a folded line is one line
    if fate is _CHECK:
        kept = clean(name, value)
        if kept and kept != value:
            taken.lines.append(f"{name}: {kept}")
        return kept == value
    if fate is _CONTENT_TYPE:
        again, taken.content_type = bool(taken.content_type), taken.content_type or value
        return not again  # goes or stays with the body
    if fate in _LISTS:
        getattr(taken, _LISTS[fate]).append(value)
    elif fate in _JOINED:
        held = getattr(taken, _FIELDS[fate])
        setattr(taken, _FIELDS[fate], f"{held}, {value}" if held else value)
    else:
        setattr(taken, _FIELDS[fate], value)
    return False


def restore_vias(vias: list[str]) -> None:
    """Give a reply the sender's deeper Vias again, below the one that is there for him (RFC 3261 §18.2.2)."""
    must(_start(_ITERATOR), "hf_iterator_start")
    try:
        seen = 0
        while _next(_ITERATOR) > 0:
            if FATES[_name(_ITERATOR)] is _VIA:
                seen += 1
                if seen == 2:  # the first is ours, tm takes it off
                    must(_append(_ITERATOR, "".join(f"Via: {via}\r\n" for via in vias)), "hf_iterator_append")
                    return
        raise ValueError("a reply without its receiver's Via")
    finally:
        _end(_ITERATOR)


_FIELDS: Final = {
    Fate.FROM: "from_",
    Fate.TO: "to",
    Fate.CALL_ID: "call_id",
    Fate.CONTACT: "contact",
    Fate.SUPPORTED: "supported",
    Fate.REQUIRE: "require",
    Fate.RSEQ: "rseq",
}
_JOINED: Final = frozenset({Fate.SUPPORTED, Fate.REQUIRE})  # RFC 3261 §7.3.1: several lines are one list
_LISTS: Final = {
    Fate.VIA: "deep_vias",
    Fate.RECORD_ROUTE: "record_routes",
    Fate.ROUTE: "routes",
    Fate.ASSERTED: "asserted",
    Fate.PRIVACY: "privacy",
}
