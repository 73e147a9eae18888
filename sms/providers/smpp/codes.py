"""What an SMSC's command_status means: SMPP v3.4 Issue 1.2, §5.1.3. What is not here is a carrier's own, or rare."""

from collections.abc import Mapping
from typing import Final

from sms.providers.kinds import Meaning

ROK: Final = 0x00000000
RINVCMDID: Final = 0x00000003
RINVBNDSTS: Final = 0x00000004
RMSGQFUL: Final = 0x00000014
RX_P_APPN: Final = 0x00000065

SUBMIT: Final[Mapping[int, Meaning]] = {
    0x01: Meaning("failed", "RINVMSGLEN: the SMSC finds the text too long (options: long_text)"),
    0x02: Meaning("failed", "RINVCMDLEN: the SMSC cannot read our request"),
    0x03: Meaning("failed", "RINVCMDID: the SMSC does not take submit_sm"),
    0x04: Meaning("down", "RINVBNDSTS: the SMSC does not allow this bind to send"),
    0x07: Meaning("failed", "RINVREGDLVFLG: the SMSC gives no receipts to this account (options: receipts)"),
    0x08: Meaning("down", "RSYSERR: the SMSC has an error of its own"),
    0x0A: Meaning(
        "failed", "RINVSRCADR: the SMSC does not know the sender (sms_provider.sender, or the tenant's brand)"
    ),
    0x0B: Meaning("failed", "RINVDSTADR: the SMSC finds the member's number invalid"),
    0x14: Meaning("busy", "RMSGQFUL: the SMSC's queue is full"),
    0x15: Meaning("failed", "RINVSERTYP: the SMSC does not know the service type (options: service_type)"),
    0x43: Meaning("failed", "RINVESMCLASS: the SMSC does not take texts cut by a header (options: long_text)"),
    0x45: Meaning("again", "RSUBMITFAIL: the SMSC could not take it, and does not say why"),
    0x48: Meaning("failed", "RINVSRCTON: the SMSC wants another type of the sender (options: source_ton)"),
    0x49: Meaning("failed", "RINVSRCNPI: the SMSC wants another plan of the sender (options: source_npi)"),
    0x50: Meaning("failed", "RINVDSTTON: the SMSC wants another type of the number (options: dest_ton)"),
    0x51: Meaning("failed", "RINVDSTNPI: the SMSC wants another plan of the number (options: dest_npi)"),
    0x58: Meaning("busy", "RTHROTTLED: the SMSC was asked more often than the account may"),
    0x64: Meaning("again", "RX_T_APPN: the SMSC refused it for the time being"),
    0x65: Meaning("failed", "RX_P_APPN: the SMSC refused it for good"),
    0x66: Meaning("failed", "RX_R_APPN: the SMSC rejects the message"),
    0xC0: Meaning("failed", "RINVOPTPARSTREAM: the SMSC cannot read optional parameters (options: long_text)"),
    0xC1: Meaning("failed", "ROPTPARNOTALLWD: the SMSC takes no such optional parameters (options: long_text)"),
    0xC2: Meaning("failed", "RINVPARLEN: the SMSC finds a field of our request too long"),
    0xC3: Meaning("failed", "RMISSINGOPTPARAM: the SMSC misses an optional parameter"),
    0xC4: Meaning("failed", "RINVOPTPARAMVAL: the SMSC does not take an optional parameter (options: long_text)"),
    0xFE: Meaning("again", "RDELIVERYFAILURE: the SMSC could not deliver it"),
    0xFF: Meaning("again", "RUNKNOWNERR: the SMSC does not know what went wrong"),
}
BIND: Final[Mapping[int, Meaning]] = {
    # Not down: another sender may be bound, and its messages go out.
    0x05: Meaning("again", "RALYBND: the account is bound as often as it may be, by other senders, say"),
    0x0D: Meaning("down", "RBINDFAIL: the SMSC does not let the account in, and does not say why"),
    0x0E: Meaning("failed", "RINVPASWD: the SMSC does not know the password"),
    0x0F: Meaning("failed", "RINVSYSID: the SMSC does not know the system_id"),
    0x53: Meaning("failed", "RINVSYSTYP: the SMSC does not know the system type (options: system_type)"),
}


def of_submit(status: int) -> Meaning:
    """Return what `status`, which is not ROK, says of a message. One that is not listed may be new: tried again."""
    return SUBMIT.get(status) or Meaning("again", _unlisted(status))


def of_bind(status: int) -> Meaning:
    """Return what `status`, which is not ROK, says of a bind: as long as it fails, nothing can be sent."""
    return BIND.get(status) or Meaning("down", _unlisted(status))


def _unlisted(status: int) -> str:
    words = SUBMIT[status].why if status in SUBMIT else "only its carrier knows why"
    return f"the SMSC refused it with 0x{status:X}: {words}"
