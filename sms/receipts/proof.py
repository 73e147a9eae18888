"""Whether a report is the provider's: its path has his token already; here, where it comes from and its signature."""

import base64
import hmac
from collections.abc import Mapping
from ipaddress import ip_address, ip_network

from sms.receipts import twilio
from sms.receipts.kinds import NotBelievedError, Report, Reporter, UnprovableError
from sms.templates import MissingSecretError, secrets


def prove(reporter: Reporter, report: Report, env: Mapping[str, str]) -> None:
    """Return if `report` is to be believed. Raises `NotBelievedError`, `UnprovableError`."""
    if reporter.sources and not _comes_from(report.source, reporter):
        raise NotBelievedError(
            f"receipts of this provider do not come from {report.source} (sms_provider.receipt_sources)"
        )
    if reporter.driver == "twilio":
        twilio.prove(reporter, report, env)
    if reporter.signature_header and reporter.signature_key:
        _prove_signature(reporter, report, env)


def _comes_from(source: str, reporter: Reporter) -> bool:
    try:
        address = ip_address(source)
    except ValueError:
        return False
    return any(address in ip_network(one) for one in reporter.sources)


def _prove_signature(reporter: Reporter, report: Report, env: Mapping[str, str]) -> None:
    header = reporter.signature_header or ""
    try:
        (key,) = secrets([reporter.signature_key or ""], env)
    except MissingSecretError as missing:
        raise UnprovableError("the key that this provider signs with is not known here") from missing
    digest = hmac.digest(key.encode(), report.body or report.query.encode(), reporter.signature_hash)
    given = report.headers.get(header.upper(), "").removeprefix(f"{reporter.signature_hash}=").encode()
    # hexadecimal in small or capital letters; base64 tells them apart
    right = (
        hmac.compare_digest(given.lower(), digest.hex().encode()),
        hmac.compare_digest(given, base64.b64encode(digest)),
    )
    if not any(right):
        raise NotBelievedError(f"{header} is missing or is not the {reporter.signature_hash} signature of this request")


def hidden(reporter: Reporter, env: Mapping[str, str]) -> list[str]:
    """Return what must not be kept of a report, as far as it is known here."""
    found = [reporter.token]
    for reference in [*reporter.credentials.values(), *filter(None, [reporter.signature_key])]:
        try:
            found += secrets([reference], env)
        except MissingSecretError:
            continue
    return found
