"""What an error says, without what it shows: for logs and for people.

PostgreSQL's DETAIL is the row that was refused, with secrets and numbers; CONTEXT and LINE are statements with values.
"""

import psycopg2


def said(error: BaseException) -> str:
    """Return the error's message: of one of PostgreSQL's its message, constraint and hint in one line, and no more."""
    if not isinstance(error, psycopg2.Error):
        return str(error).strip()
    words = error.diag.message_primary or " ".join(str(error).split())  # without a server: libpq's words
    if error.diag.constraint_name and error.diag.constraint_name not in words:
        words += f" ({error.diag.constraint_name})"
    return f"{words}. {error.diag.message_hint}" if error.diag.message_hint else words
