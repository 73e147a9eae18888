"""What of a message may pass to the other side, by allow-list (design.md §3.2): names first, then values.

A header that is not in `FATES` is removed, so one invented tomorrow is removed too. A header that passes does so
only with a value of the form its RFC gives it: an allow-listed name must not carry a stranger's text.
"""

import re
from enum import IntEnum
from functools import lru_cache
from typing import Final


class Fate(IntEnum):
    """What becomes of a header."""

    DROP = 0
    CSEQ = 1  # Kamailio's own business, as the next two: the first stays, another would be unread by it
    CHECK = 2  # passes if its value has the form of `clean`
    VIA = 3  # the top one stays, deeper ones are kept aside
    FROM = 4
    TO = 5
    CALL_ID = 6
    CONTACT = 7
    RECORD_ROUTE = 8
    ASSERTED = 9
    PRIVACY = 10
    CONTENT_TYPE = 11
    SUPPORTED = 12
    REQUIRE = 13
    RSEQ = 14  # of a reliable 18x: goes where it is not passed reliably
    MAX_FORWARDS = 15
    CONTENT_LENGTH = 16
    ROUTE = 17  # never passes; it may hold the rest of a token
    PROXY_REQUIRE = 18  # never passes: it is of us that it asks

    __hash__ = int.__hash__  # an Enum's own is Python, 0.2 µs a look into a dict


_NAMES: Final = {
    "CSeq": Fate.CSEQ,
    "Max-Forwards": Fate.MAX_FORWARDS,
    **dict.fromkeys(("Content-Length", "l"), Fate.CONTENT_LENGTH),
    **dict.fromkeys(("Via", "v"), Fate.VIA),
    **dict.fromkeys(("From", "f"), Fate.FROM),
    **dict.fromkeys(("To", "t"), Fate.TO),
    **dict.fromkeys(("Call-ID", "i"), Fate.CALL_ID),
    **dict.fromkeys(("Contact", "m"), Fate.CONTACT),
    "Record-Route": Fate.RECORD_ROUTE,
    "Route": Fate.ROUTE,
    "P-Asserted-Identity": Fate.ASSERTED,
    "Privacy": Fate.PRIVACY,
    **dict.fromkeys(("Content-Type", "c"), Fate.CONTENT_TYPE),
    **dict.fromkeys(("Supported", "k"), Fate.SUPPORTED),
    "Require": Fate.REQUIRE,
    "Proxy-Require": Fate.PROXY_REQUIRE,
    "RSeq": Fate.RSEQ,
    **dict.fromkeys(("Unsupported", "Allow", "Accept", "Expires"), Fate.CHECK),
    **dict.fromkeys(("Session-Expires", "x", "Min-SE", "RAck", "Retry-After"), Fate.CHECK),
}
_LOWER: Final = {name.lower(): fate for name, fate in _NAMES.items()}
_COMPACT: Final = {"k": "supported", "x": "session-expires"}


class _Fates(dict[str, Fate]):
    """Fates by the name as it stands on the wire; an unseen spelling is looked up in lower case.

    Nothing is remembered of unseen spellings: callers choose them, and worker memory must not grow.
    """

    def __missing__(self, name: str) -> Fate:
        return _LOWER.get(name.lower(), Fate.DROP)


FATES: Final = _Fates(_NAMES)

# RFC 3261 §27.1 and the IANA registry of option tags: what an endpoint of a call may speak of.
_OPTION_TAGS: Final = frozenset(
    {"100rel", "timer", "replaces", "precondition", "early-session", "norefersub", "histinfo", "tdialog"}
    | {"from-change", "gruu", "outbound", "path", "ice", "sdp-anat", "join", "answermode", "privacy", "eventlist"}
    | {"sec-agree", "pref", "resource-priority", "multiple-refer", "nosub", "199", "uui", "callerid"}
)
_METHODS: Final = frozenset(
    {"INVITE", "ACK", "BYE", "CANCEL", "OPTIONS", "UPDATE", "PRACK", "INFO"}  # what passes: REFER and others get 405
)
_OF_PROXIES: Final = frozenset({"privacy"})  # RFC 3323: what is done for a caller who withholds his number
_LONGEST: Final = 512  # characters; every word of a list that we know, twice
_FORMS: Final = {
    "expires": re.compile(r"\d{1,6}", re.ASCII),
    "min-se": re.compile(r"\d{1,6}", re.ASCII),
    "session-expires": re.compile(r"\d{1,6}(?:\s*;\s*refresher\s*=\s*ua[cs])?", re.ASCII | re.IGNORECASE),
    "rseq": re.compile(r"\d{1,10}", re.ASCII),
    "rack": re.compile(r"\d{1,10} \d{1,10} [A-Z]{1,16}", re.ASCII),
    "retry-after": re.compile(r"\d{1,6}", re.ASCII),
}


def clean(name: str, value: str, without: str = "") -> str:
    """Return the part of `value` that header `name` may carry, "" for nothing.

    Lists keep their known elements only (option tags, methods, application/sdp); other headers are kept whole
    or not at all. `without` is an option tag to leave out.
    """
    return _clean(name, value, without) if len(value) <= _LONGEST else ""


@lru_cache(maxsize=1024)  # callers of one make send the same few values; strangers cannot grow it beyond 1 MiB
def _clean(name: str, value: str, without: str) -> str:
    key = _COMPACT.get(name.lower(), name.strip().lower())
    if key in {"supported", "require", "unsupported"}:
        return _known(value, _OPTION_TAGS - {without})
    if key == "allow":
        return _known(value, _METHODS)
    if key == "accept":
        return "application/sdp" if "application/sdp" in value.lower() or "*/*" in value else ""
    form = _FORMS.get(key)
    return value.strip() if form is not None and form.fullmatch(value.strip()) else ""


def unknown(require: str, proxy_require: str = "") -> list[str]:
    """Return the option tags of a Require and a Proxy-Require that we do not know: 420 (RFC 3261 §8.2.2.3, §16.3)."""
    asked = ((require, _OPTION_TAGS), (proxy_require, _OF_PROXIES))
    words = ((word.strip(), known) for value, known in asked for word in value.split(","))
    return [word for word, known in words if word and word not in known]


def _known(value: str, words: frozenset[str]) -> str:
    return ", ".join(word for word in (part.strip() for part in value.split(",")) if word in words)


_NEUTRAL: Final = re.compile(r"<sip:(\+?[0-9]{2,20})@([A-Za-z0-9.:\[\]-]+)>", re.ASCII)
_DIALLED: Final = re.compile(r"\+?[0-9]{2,20}", re.ASCII)


def is_dialled_number(user: str) -> bool:
    """Say whether a R-URI's user part can be a telephone number at all."""
    return _DIALLED.fullmatch(user) is not None


def is_neutral_to(value: str, dialled: str, host: str) -> bool:
    """Say whether a To is nothing but the dialled number at the edge's own address (`host`, port or not)."""
    found = _NEUTRAL.fullmatch(value.strip())
    return found is not None and found[1] == dialled and found[2] in {host, host.rpartition(":")[0]}


def neutral(dialled: str, host: str, tag: str = "") -> str:
    """Return the From or To that stands for the hotline as it was dialled."""
    return f"<sip:{dialled}@{host}>;tag={tag}" if tag else f"<sip:{dialled}@{host}>"
