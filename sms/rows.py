"""What a claimed row says: who is told what, through whom, and under which name the provider is asked."""

import hashlib
from typing import Any

from sms.messages import Told, is_number, national
from sms.providers.kinds import Provider, Rule


def told(row: dict[str, Any]) -> Told:
    """Return what the SMS may say."""
    return Told(
        row["kind"], row["brand"] or "", row["caller_number"], row["called_local"], row["hotline_number"],
        row["group_name"], row["member_name"] or national(row["member_number"]), row["calls"],
    )  # fmt: skip


def provider(row: dict[str, Any]) -> Provider:
    """Return who is to send it."""
    rules = tuple(Rule(*rule) for rule in row["rules"])
    names = [name for name in Provider._fields if name not in {"id", "rules"}]
    return Provider(id=row["provider_id"], rules=rules, **{name: row[name] for name in names})


def request_id(row: dict[str, Any]) -> str:
    """Return the name of the request for providers that refuse to take one twice; of no other database's request.

    While the provider may have an earlier request it stays, whatever was answered since, or not even reached it: a new
    name would make the same SMS another one. Else it changes with each that was answered with a no: who remembers a
    refused request, too, would else call the next one a repetition, and nobody would be told.
    """
    if row["open_request_id"]:
        return str(row["open_request_id"])
    what = f"{row['call_id']}|{row['member_number']}".encode()
    return f"{hashlib.sha256(what).hexdigest()[:32]}-{row['over']}"


def hindrance(row: dict[str, Any]) -> str | None:
    """Return why it cannot be sent at all; None: it can."""
    if row["brand"] is None:
        return "its tenant is not there any more"
    if not is_number(row["member_number"]):
        return "the member's number is no telephone number"
    if row["provider_id"] is None:
        return "the tenant has no SMS provider: set tenant.sms_provider_id, then queue it again"
    return None if row["provider_enabled"] else "the tenant's SMS provider is disabled"
