"""Receipts of the driver `http`: the provider's row explains their fields, `sms_receipt_rule` their values."""

from typing import Any

from sms.receipts.kinds import Meaning, Reading, Report, Reporter, UnreadableError


def read(reporter: Reporter, report: Report) -> list[Reading]:
    """Return what the report says, a `Reading` for each receipt in it. Raises `UnreadableError`."""
    if not reporter.status_field:
        raise UnreadableError("no receipts are expected of this provider: sms_provider.receipt_status_field is empty")
    content = _at(report.content, reporter.list_field) if reporter.list_field else report.content
    items = content if isinstance(content, list) else [content]
    found = [reading for item in items if (reading := _reading(reporter, report, item)) is not None]
    if not found:
        names = [reporter.status_field, *filter(None, (reporter.reference_field, reporter.request_id_field))]
        raise UnreadableError(f"a receipt of this provider has {' and '.join(names)}")
    return found


def _reading(reporter: Reporter, report: Report, item: Any) -> Reading | None:
    """Return what one of the receipts says, None: it is none (other news may stand beside it)."""
    reference, request_id, value, reason = (
        _text(item, path)
        for path in (reporter.reference_field, reporter.request_id_field, reporter.status_field, reporter.reason_field)
    )
    request_id = request_id or report.request_id
    if value is None or not (reference or request_id):
        return None
    unknown = Meaning("ignored", f"sms_receipt_rule has no row for the status {value[:50]}")
    meaning = reporter.rules.get(value.lower(), unknown)
    return Reading(reference, request_id, meaning.status, meaning.reason or reason or f"status {value[:50]}")


def _text(item: Any, path: str | None) -> str | None:
    value = _at(item, path) if path else None
    if isinstance(value, bool):
        return str(value).lower()  # as JSON has it
    return str(value) if isinstance(value, str | int | float) and str(value) else None


def _at(item: Any, path: str) -> Any:
    """Return what stands in `item` at "a.b.0", None: nothing."""
    for name in path.split("."):
        if isinstance(item, dict):
            item = item.get(name)
        elif isinstance(item, list) and name.isdecimal() and int(name) < len(item):
            item = item[int(name)]
        else:
            return None
    return item
