"""What an SMSC reads in a submit_sm, and what it does not allow there (SMPP v3.4 §4.4.1, §5.2)."""

from typing import Final

import smpp34
from smpplib.gsm import GSM_CHARACTER_TABLE

OK: Final = 0x0
_RINVMSGLEN, _RINVSRCADR, _RINVDSTADR, _RINVDSTTON, _RINVOPTPARAMVAL = 0x1, 0xA, 0xB, 0x50, 0xC4
_UDHI: Final = 0x40
_REFERENCE, _TOTAL, _NUMBER, _PAYLOAD = 0x020C, 0x020E, 0x020F, 0x0424  # sar_msg_ref_num …, message_payload


def judge(submit: smpp34.SubmitSm) -> int:
    """Return the command_status that it gets."""
    tags = {tlv.tag for tlv in submit.tlvs}
    if submit.dest_addr_ton != 1:
        return _RINVDSTTON
    if not submit.destination_addr.isdecimal() or not submit.destination_addr.startswith("84"):
        return _RINVDSTADR
    if submit.source_addr_ton == 5 and not 0 < len(submit.source_addr) <= 11:
        return _RINVSRCADR
    if _PAYLOAD in tags:
        return _RINVOPTPARAMVAL if submit.short_message else OK
    most = {0: 160, 1: 160, 3: 160, 8: 140}[submit.data_coding]
    parted = submit.esm_class & _UDHI or _TOTAL in tags
    return _RINVMSGLEN if len(submit.short_message) > (most - 1 if parted and most == 160 else most) else OK


def piece(submit: smpp34.SubmitSm) -> tuple[str, int, int, int]:
    """The text of one submit_sm, and whose piece it is: reference, total, number."""
    tlvs = {tlv.tag: tlv for tlv in submit.tlvs}
    octets, reference, total, number = submit.short_message, submit.sequence_number + (1 << 20), 1, 1
    if _PAYLOAD in tlvs:
        octets = tlvs[_PAYLOAD].value
    elif submit.esm_class & _UDHI:
        assert octets[:3] == b"\x05\x00\x03"
        reference, total, number = octets[3:6]
        octets = octets[6:]
    elif _TOTAL in tlvs:
        reference, total, number = (int.from_bytes(tlvs[name].value) for name in (_REFERENCE, _TOTAL, _NUMBER))
    return _text(octets, submit.data_coding), reference, total, number


def _text(octets: bytes, coding: int) -> str:
    if coding:
        return octets.decode({1: "ascii", 3: "latin-1", 8: "utf-16-be"}[coding])
    found, shift = "", 0
    for octet in octets:
        if octet == 0x1B:
            shift = 0x80
        else:
            found, shift = found + GSM_CHARACTER_TABLE[octet + shift], 0
    return found
