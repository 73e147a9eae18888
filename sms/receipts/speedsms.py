"""Receipts of SpeedSMS.vn: a POST of JSON to the webhook that is registered in its console, unsigned.

Fields and statuses: https://speedsms.vn/sms-api/, "Delivery status report": type "report", tranId, phone, and status: 0
success, below 64 a failure for the time being, from 64 on a failure for good (so public client code quotes it; the page
itself was not read so far down). Texts that come in have another type.
"""

from sms.receipts.kinds import Reading, Report, Reporter, Status, UnreadableError

_FOR_GOOD = 64


def read(_reporter: Reporter, report: Report) -> list[Reading]:
    """Return what SpeedSMS says. Raises `UnreadableError`."""
    if report.text("type") not in {None, "report"}:
        raise UnreadableError('this address takes reports only: type must be "report"')
    reference, number = report.text("tranId"), report.text("status") or ""
    if not reference or not number.isascii() or not number.isdecimal():
        raise UnreadableError("a receipt of SpeedSMS has tranId and a number as status")
    status, reason = _meaning(int(number[:9]))
    return [Reading(reference, report.request_id, status, reason)]


def _meaning(number: int) -> tuple[Status, str | None]:
    if number == 0:
        return "delivered", None
    if number < _FOR_GOOD:
        return "accepted", f"SpeedSMS could not deliver it yet: status {number}"
    return "failed", f"SpeedSMS could not deliver it: status {number}"
