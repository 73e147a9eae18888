"""Receipts of eSMS.vn: a GET to the CallbackUrl of the request, unsigned, repeated 5 times where it is not answered.

Fields and statuses: https://developers.esms.vn/en/esms-api/callback-url
Its examples have SendStatus=5 ("sent successfully") beside SendFailed=1 and SendSuccess=0: it is the batch that was
sent, and our batches are of one.
"""

from collections.abc import Mapping
from typing import Final

from sms.receipts.kinds import Meaning, Reading, Report, Reporter, UnreadableError

FAILED: Final = Meaning("failed", "eSMS counts it among the failed")
STATUSES: Final[Mapping[str, Meaning]] = {
    "1": Meaning("accepted", "eSMS waits for its approval"),
    "2": Meaning("accepted", "eSMS waits to send it"),
    "4": Meaning("failed", "eSMS rejected it"),
    "5": Meaning("delivered"),
    "7": Meaning("accepted", "eSMS sent it to the member's network and waits for the report"),
}


def read(_reporter: Reporter, report: Report) -> list[Reading]:
    """Return what eSMS says. Raises `UnreadableError`."""
    reference, status = report.text("SMSID"), report.text("SendStatus")
    request_id = report.text("RequestId") or report.request_id
    if status is None or not (reference or request_id):
        raise UnreadableError("a receipt of eSMS has SendStatus, and SMSID or RequestId")
    unknown = Meaning("ignored", f"eSMS has no such SendStatus in its documentation: {status[:20]}")
    meaning = STATUSES.get(status, unknown)
    if meaning.status == "delivered" and report.text("SendFailed") not in {None, "0"}:
        meaning = FAILED
    return [Reading(reference, request_id, meaning.status, report.text("error_info") or meaning.reason)]
