"""What PostgreSQL can keep of what a provider says: it has no NUL in texts, no half characters, and no endless keys.

Providers and SMSCs say what they like: one answer that cannot be kept must not keep all others from being written down.
"""

import re
from typing import Final

import psycopg2

# It is the answer's fault, not the database's. (ValueError: psycopg2's own, before it asks. The limit: an index's.)
UNWRITABLE: Final = (
    psycopg2.DataError,
    psycopg2.IntegrityError,
    psycopg2.errors.ProgramLimitExceeded,
    ValueError,
)
_NO_LETTER: Final = re.compile("[\0\ud800-\udfff]")
_MOST_NAME: Final = 200  # characters of a provider's name of a message: it is looked for by an index
_MOST_INTEGER: Final = 0x7FFFFFFF


def storable_text(text: str) -> str:
    """Return `text` as it can be kept."""
    return _NO_LETTER.sub("\ufffd", text)


def storable_name(name: str | None) -> str | None:
    """Return a name of a message as it is kept, the same for whoever takes it and whoever looks for it."""
    return name and storable_text(name[:_MOST_NAME])


def storable_number(status: int | None) -> int | None:
    """Return a status as it can be kept: an SMSC's from 0x80000000 on as a negative number."""
    return status - 2 * (_MOST_INTEGER + 1) if status is not None and status > _MOST_INTEGER else status
