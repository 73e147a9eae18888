"""One pass over a message's headers: what may stay stays, the identity is taken out, the rest is removed.

`hf_iterator` with a table of names is the cheapest allow-list (7.5 µs against 37–77 µs of the regex ones).
"""

from typing import Final

import KSR

from kemi.domain import addresses
from kemi.domain.masking import FATES, Fate, clean
from kemi.exchange import Exchange, Taken
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
SESSION_SECONDS: Final = 1800  # what a 422 without a readable Min-SE stands for (RFC 4028 §4: recommended)
_ONCE: Final = {Fate.CSEQ: 1, Fate.MAX_FORWARDS: 2, Fate.CONTENT_LENGTH: 4}  # bits: what has stayed already
_NOTED: Final = {Fate.CSEQ: "cseq", Fate.CONTENT_LENGTH: "content_length"}  # of a request


def take(vias_kept: int, *, keep_to: bool = False) -> Taken:
    """Remove from the message all that may not pass, and return what was taken out.

    `vias_kept`: Via headers that stay (1 in a request; 2 in a reply, ours and its receiver's). `keep_to`: the To
    is neutral already. Raises `UnicodeDecodeError` and `ValueError` where the message cannot be read; it is stripped
    all the same, because there are replies that nothing can hold back.
    """
    taken = Taken()
    wrong: ValueError | None = None
    _begin()
    try:
        while _next(_ITERATOR) > 0:
            try:
                name = _name(_ITERATOR)
                fate = FATES[name]
                if fate in _FIELDS:
                    if keep_to and fate is _TO:
                        continue
                    setattr(taken, _FIELDS[fate], _unfolded(_value(_ITERATOR)))
                elif fate is _VIA:
                    if _keeps_via(taken, vias_kept):
                        continue
                elif fate in _ONCE:
                    if _is_first(taken, fate, vias_kept):
                        continue
                elif fate is not _DROP and _stays(taken, fate, name):
                    continue
            except UnicodeDecodeError as error:
                wrong = error
            must(_remove(_ITERATOR), "hf_iterator_rm")
    finally:
        _end(_ITERATOR)
    if wrong is not None:
        raise wrong
    _part_vias(taken, vias_kept)
    return taken


def _keeps_via(taken: Taken, vias_kept: int) -> bool:
    """Note the values of the Via line at hand; whether it stays, if only for its first values."""
    before = len(taken.vias)
    taken.vias += addresses.split_list(_unfolded(_value(_ITERATOR)))
    if before >= vias_kept:
        return False
    taken.via_lines += 1
    taken.via_list |= len(taken.vias) > vias_kept
    return True


def _part_vias(taken: Taken, vias_kept: int) -> None:
    if vias_kept == 1 and not taken.vias:
        raise ValueError("a request without a Via")
    if taken.via_list and vias_kept > 1:
        raise ValueError("a reply with more Vias than its request had")
    if vias_kept == 2 and len(taken.vias) == 2 and addresses.is_to_all(taken.vias[1]):  # RFC 4475 §3.3.10
        raise ValueError("a reply to everybody")
    taken.deep_vias = taken.vias[vias_kept:]


def _begin() -> None:
    if _start(_ITERATOR) < 0:
        raise ValueError("headers that Kamailio cannot read")


def _is_first(taken: Taken, fate: Fate, vias_kept: int) -> bool:
    """Say whether the header at hand is the first of its name, which stays; note what a request says in it."""
    if taken.once & _ONCE[fate]:
        return False
    taken.once |= _ONCE[fate]
    if vias_kept == 1 and fate in _NOTED:
        setattr(taken, _NOTED[fate], _unfolded(_value(_ITERATOR)))
    return True


def _unfolded(value: str) -> str:
    return " ".join(value.split()) if "\n" in value else value  # RFC 3261 §7.3.1: a folded line is one line


def _stays(taken: Taken, fate: Fate, name: str) -> bool:
    """Put the header at hand into `taken`; True where it may stay as it is."""
    value = _unfolded(_value(_ITERATOR))
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
    else:  # RFC 3261 §7.3.1: several lines are one list
        held = getattr(taken, _JOINED[fate])
        setattr(taken, _JOINED[fate], f"{held}, {value}" if held else value)
    return False


def give_vias(taken: Taken, exchange: Exchange) -> None:
    """Give a reply its receiver's own Via and those that were below it (RFC 3261 §18.2.2).

    Raises `ValueError` where another's stands where it could not be removed.
    """
    came, lines = taken.vias, taken.via_lines
    is_his = len(came) == 2 and addresses.is_via_of(came[1], exchange.via)
    if len(came) == 2 and lines == 1 and not is_his:
        raise ValueError("a reply with another's Via in the edge's own")
    if is_his and not exchange.vias:
        return  # as it is
    own = "" if is_his else f"Via: {exchange.via_given_back()}\r\n"  # never another's words
    must(_start(_ITERATOR), "hf_iterator_start")
    try:
        seen = 0
        while _next(_ITERATOR) > 0:
            if FATES[_name(_ITERATOR)] is _VIA:
                seen += 1
                if seen == lines:  # the first is ours, tm takes it off; the second, if there is one, is his
                    deeper = "".join(f"Via: {via}\r\n" for via in exchange.vias)
                    must(_append(_ITERATOR, own + deeper), "hf_iterator_append")
                    if own and lines == 2:
                        must(_remove(_ITERATOR), "hf_iterator_rm")
                    return
        raise ValueError("a reply without its receiver's Via")
    finally:
        _end(_ITERATOR)


def remember_min_se(said: str) -> None:
    """Keep the longest interval that a leg has asked for with its 422, for the caller's."""
    asked, held = clean("Min-SE", said), KSR.pv.get("$avp(min_se)")
    KSR.pv.seti("$avp(min_se)", max(int(asked or SESSION_SECONDS), held or 0))


_FIELDS: Final = {
    Fate.FROM: "from_",
    Fate.TO: "to",
    Fate.CALL_ID: "call_id",
    Fate.CONTACT: "contact",
    Fate.RSEQ: "rseq",
}
_JOINED: Final = {Fate.SUPPORTED: "supported", Fate.REQUIRE: "require", Fate.PROXY_REQUIRE: "proxy_require"}
_LISTS: Final = {
    Fate.RECORD_ROUTE: "record_routes",
    Fate.ROUTE: "routes",
    Fate.ASSERTED: "asserted",
    Fate.PRIVACY: "privacy",
}
