"""The standard reason phrases (RFC 3261 §21 and successors): gateways put names and numbers into theirs."""

from typing import Final

_PHRASES: Final = {
    100: "Trying", 180: "Ringing", 181: "Call Is Being Forwarded", 182: "Queued", 183: "Session Progress",
    199: "Early Dialog Terminated", 200: "OK", 202: "Accepted", 204: "No Notification",
    300: "Multiple Choices", 301: "Moved Permanently", 302: "Moved Temporarily", 305: "Use Proxy",
    380: "Alternative Service", 400: "Bad Request", 401: "Unauthorized", 402: "Payment Required",
    403: "Forbidden", 404: "Not Found", 405: "Method Not Allowed", 406: "Not Acceptable",
    407: "Proxy Authentication Required", 408: "Request Timeout", 410: "Gone", 412: "Conditional Request Failed",
    413: "Request Entity Too Large", 414: "Request-URI Too Long", 415: "Unsupported Media Type",
    416: "Unsupported URI Scheme", 420: "Bad Extension", 421: "Extension Required",
    422: "Session Interval Too Small", 423: "Interval Too Brief", 480: "Temporarily Unavailable",
    481: "Call/Transaction Does Not Exist", 482: "Loop Detected", 483: "Too Many Hops",
    484: "Address Incomplete", 485: "Ambiguous", 486: "Busy Here", 487: "Request Terminated",
    488: "Not Acceptable Here", 489: "Bad Event", 491: "Request Pending", 493: "Undecipherable",
    494: "Security Agreement Required", 500: "Server Internal Error", 501: "Not Implemented",
    502: "Bad Gateway", 503: "Service Unavailable", 504: "Server Time-out", 505: "Version Not Supported",
    513: "Message Too Large", 580: "Precondition Failure", 600: "Busy Everywhere", 603: "Decline",
    604: "Does Not Exist Anywhere", 606: "Not Acceptable", 607: "Unwanted",
}  # fmt: skip
_CLASSES: Final = {1: "Session Progress", 2: "OK", 3: "Multiple Choices", 4: "Bad Request", 5: "Server Internal Error"}


def relayed(code: int) -> int:
    """Return the code that stands for a final reply inside a dialog (RFC 5057: none of these ends the dialog).

    A redirect would name the far side's next address, a challenge would ask for its password: neither passes.
    """
    if 300 <= code < 400:
        return 488
    return 403 if code in {401, 407} else code


def phrase(code: int) -> str:
    """Return the reason phrase of `code`; an unknown code gets that of its class (RFC 3261 §8.1.3.2)."""
    return _PHRASES.get(code) or _CLASSES.get(code // 100, "Decline")
