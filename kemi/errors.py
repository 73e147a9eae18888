"""The errors of the edge.

EdgeError
├── TableUnavailable     the routing table cannot be read (not there, of another format)
├── NoRoom               Kamailio's shared memory is full; a new call is refused
├── TokenRefused         a token that is forged, stale, truncated or not this peer's
├── TokenTooLong         a far side that does not fit a Contact; the call is refused
├── NoMedia              no rtpengine takes a call's voice; the column of its trunk says what becomes of it
├── NotAcceptable        what a side wants of a running call cannot be; it stays as it is
├── NotANumber           not a telephone number
└── SettingsRefused      a setting that cannot be used; the text says what to change
"""


class EdgeError(Exception):
    """Something the edge knows how to answer."""


class TableUnavailable(EdgeError):
    """The routing table cannot be read."""


class NoRoom(EdgeError):
    """There is no room for another transaction."""


class TokenRefused(EdgeError):
    """This token is not honoured."""


class TokenTooLong(EdgeError):
    """The far side does not fit into a Contact of 255 characters."""


class NoMedia(EdgeError):
    """No rtpengine takes this call's voice."""


class NotAcceptable(EdgeError):
    """This cannot be had in this call."""


class NotANumber(EdgeError):
    """This is not a telephone number."""


class SettingsRefused(EdgeError):
    """This setting cannot be used."""
