"""From an HTTP request to what it says: the forms that reports come in, and who reads them for which driver."""

import json
import re
from collections.abc import Callable, Mapping
from typing import Any, Final
from urllib.parse import parse_qsl

from sms.receipts import esms, generic, speedsms, twilio
from sms.receipts.kinds import Reading, Report, Reporter, UnreadableError

Reader = Callable[[Reporter, Report], list[Reading]]
READERS: Final[Mapping[str, Reader]] = {
    "http": generic.read,
    "esms": esms.read,
    "speedsms": speedsms.read,
    "twilio": twilio.read,
}
_FORM: Final = "application/x-www-form-urlencoded"
_MOST_FIELDS: Final = 200
_SURROGATE: Final = re.compile("[\ud800-\udfff]")


def content_of(query: str, body: bytes, content_type: str) -> tuple[Any, list[tuple[str, str]]]:
    """Return what query and body hold, and the body's form fields in their order. Raises `UnreadableError`.

    A JSON body that is a list is the content alone; else body and query are one mapping, the body's fields go first.
    """
    kind = content_type.partition(";")[0].strip().lower()
    in_query = _pairs(query, "its query")
    if not body:
        return dict(in_query), []
    text = _decoded(body)
    if kind == _FORM:
        form = _pairs(text, "its body")
        return {**dict(in_query), **dict(form)}, form
    if kind.endswith("json") or text.lstrip()[:1] in {"{", "["}:  # some say text/plain of their JSON
        try:
            content = json.loads(text)
        except (ValueError, RecursionError) as wrong:
            raise UnreadableError("its body is not the JSON that it should be") from wrong
        if _SURROGATE.search(json.dumps(content, ensure_ascii=False)):
            raise UnreadableError("its body has half a character (a lone surrogate)")
        return ({**dict(in_query), **content} if isinstance(content, dict) else content), []
    raise UnreadableError(f"its body must be JSON or a form, with the Content-Type application/json or {_FORM}")


def _decoded(body: bytes) -> str:
    try:
        return body.decode()
    except UnicodeDecodeError as wrong:
        raise UnreadableError("its body is not UTF-8") from wrong


def _pairs(text: str, where: str) -> list[tuple[str, str]]:
    try:
        return parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=_MOST_FIELDS)
    except ValueError as wrong:  # UnicodeDecodeError is one
        raise UnreadableError(f"{where} cannot be read: it must be UTF-8, at most {_MOST_FIELDS} fields") from wrong
