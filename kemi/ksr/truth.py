"""What KEMI's return codes mean. Core calls return bool, module calls 1/-1; on 6.0 a wrong argument gives False."""

from kemi.errors import EdgeError


class KemiRefused(EdgeError):
    """A call into Kamailio failed."""


def yes(rc: bool | int) -> bool:
    """Say whether `rc` means yes: True, or a positive number. (`not has_totag()` is never true.)"""
    return rc is True or (rc is not False and rc > 0)


def must(rc: bool | int, what: str) -> None:
    """Raise `KemiRefused` unless `rc` means yes. `what` names the call for the log."""
    if rc != 1 and not yes(rc):  # True is 1, too
        raise KemiRefused(f"{what} returned {rc}")
