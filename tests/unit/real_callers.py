"""Callers as real SBCs, PBXs and IMS cores send them: what a token has to hold of each."""

from typing import Final, NamedTuple


class Far(NamedTuple):
    """Contact, From, Call-ID and Record-Routes of an INVITE."""

    contact: str
    from_: str
    call_id: str
    record_routes: tuple[str, ...] = ()


_IMS: Final = "ims.mnc004.mcc452.3gppnetwork.org"
_HUAWEI: Final = "Hpt=8e72_16;CxtId=4;TRC=ffffffff-ffffffff"
_UUID: Final = "9b1b5ba4-6a2f-4bd6-9d8e-7c3f6d1e0a52"
_HEX32: Final = "3c6d1f0e2b9a4c7d5e8f10213a4b5c6d"
_DID: Final = "lr;ftag=as6f3c1d22;did=a31.d1e1;nat=yes"
_NAMED: Final = "khach-telecom.example.net:5060;transport=udp;lr;ftag=as6f3c1d22"

CALLERS: Final = {
    "Asterisk chan_pjsip": Far(
        "<sip:0909789846@203.0.113.24:5060>",
        '"Nguyen Van A" <sip:0909789846@203.0.113.24>;tag=5e0f8f3a-61f0-4d0e-a1ae-0a4c1c7bb7d2', _UUID,
    ),
    "Asterisk chan_sip": Far(
        "<sip:0909789846@203.0.113.24:5060>", "<sip:0909789846@203.0.113.24>;tag=as6f3c1d22", f"{_HEX32}@203.0.113.24"
    ),
    "FreeSWITCH gateway": Far(
        "<sip:gw+viettel-trunk-01@203.0.113.30:5080;transport=udp;gw=viettel-trunk-01>",
        "<sip:0909789846@203.0.113.30;transport=udp>;tag=9D3QKZt7ZyB1e", "b5d6c8a2-4f1e-123b-8c95-525400a1b2c3",
    ),
    "softphone, rinstance": Far(
        "<sip:0909789846@113.161.72.18:49152;transport=UDP;rinstance=3f9ac51b7de2f804>",
        "<sip:0909789846@khach.example.net;transport=UDP>;tag=4e1f9a22", "MTU4YjQ5ZGE3ZTk0NmEwYzJmNjQ1N2E4OWQwZTFmMzI.",
    ),
    "Oracle SBC": Far(
        "<sip:+84909789846-q9v7b1k1o2n5c@203.0.113.40:5060;transport=udp;acme_nat=172.20.14.201+10.212.33.71>",
        "<sip:+84909789846@203.0.113.40;user=phone>;tag=SDf1q8c01-4f3a9b2c-ac1410a7",
        "SDf1q8c01-7f2a6a9d1b0c4e5f8a7b6c5d4e3f2a1b-v300g00",
    ),
    "Ribbon SBC": Far(
        "<sip:+84909789846;tgrp=TG_VNPT_HCM_01;trunk-context=198.51.100.12@198.51.100.12:5060;dtg=VNPT01>",
        "<sip:+84909789846@198.51.100.12;isup-oli=00;user=phone>;tag=gK0c9d1e2f", "1845217_129874561@198.51.100.12",
    ),
    "Cisco CUBE": Far(
        "<sip:0909789846@192.0.2.77:5060>", "<sip:0909789846@192.0.2.77>;tag=8B1C6AE4-1F2D",
        "F3A9C1D2-5B7E11EE-9C3DA8B1-6D2E4F10@192.0.2.77",
    ),
    "Cisco CUCM": Far(
        "<sip:0909789846@192.0.2.77:5060;transport=udp>;video;audio",
        "<sip:0909789846@192.0.2.77>;tag=1349862~8c5f2e1a-7b3d-4c9e-a0f1-2d6b8e4c7a59-31087524",
        "b2a47c00-5ee1a3f0-1a2b3-4d02000a@192.0.2.77",
    ),
    "Kamailio, Record-Route": Far(
        "<sip:0909789846@10.0.12.31:5060;alias=113.161.72.18~5060~1>",
        f"<sip:0909789846@203.0.113.10>;tag={_UUID}", "5e0f8f3a-61f0-4d0e-a1ae-0a4c1c7bb7d2",
        (f"<sip:203.0.113.10;lr;ftag={_UUID};did=a31.d1e1;nat=yes>",),
    ),
    "Kamailio, two interfaces": Far(
        "<sip:0909789846@10.0.12.31:5060;transport=udp>", "<sip:0909789846@203.0.113.10>;tag=as6f3c1d22",
        f"{_HEX32}@10.0.12.31:5060",
        (f"<sip:203.0.113.10;r2=on;{_DID}>", f"<sip:10.0.0.10;transport=tcp;r2=on;{_DID}>"),
    ),
    "Kamailio topos": Far(
        "<sip:btpsh-6567a1c2-7b3d-2f1@203.0.113.10>", "<sip:0909789846@203.0.113.10>;tag=as6f3c1d22",
        f"{_HEX32}@10.0.12.31:5060",
    ),
    "Kamailio topoh": Far(
        "<sip:127.0.0.8;line=sr-N6IAzBFwMJZfMBFwMJZfWJZfMJFjWBFwp5ZfOJZwzBVLOB9wOxKVMxVAMEF.>",
        "<sip:0909789846@203.0.113.10>;tag=as6f3c1d22",
        "!!:CqCVp3mVWrtk8T38p6RfV6tz84F7MhMWM9eCs9Xyu6uKnvwAMhF4MrhXn6bgVhNfu9zw",
    ),
    "OpenSIPS topology hiding": Far(
        "<sip:203.0.113.11:5060;thinfo=QBtHFWgQDxkbFhkEDBdRAhYHHxhTXAYYSBUUBVlCBQFXXBFYUVkREVgYDg-->",
        "<sip:0909789846@203.0.113.11>;tag=as6f3c1d22", "DLGCH_Yzo+SQ5aDVRTCAMKMVpMUWVgMDkuYTUNQmgLMwheeX8A",
    ),
    "IMS IBCF": Far(
        f"<sip:sgc_c@[2001:db8:52:1::27]:5060;transport=udp;{_HUAWEI}>",
        f"<sip:+84909789846@{_IMS};user=phone>;tag=sbctel5qtt52l7qi-CC-1057-OFC-2041",
        "asbcAuOlzGrzYkKbXFrXVbJbr0OmrIVp@10.18.5.64",
    ),
    "IMS SBC with a Record-Route": Far(
        f"<sip:10.18.5.64:5060;{_HUAWEI}>",
        f"<sip:+84909789846@{_IMS};user=phone>;tag=sbctel5qtt52l7qi-CC-1057-OFC-2041",
        "asbcAuOlzGrzYkKbXFrXVbJbr0OmrIVp@10.18.5.64",
        (f"<sip:10.18.5.64:5060;transport=udp;lr;{_HUAWEI};X-HwB2bUaCookie=22101>",),
    ),
    "IMS S-CSCF and P-CSCF": Far(
        "<sip:452040123456789@10.44.17.201:5090;transport=udp>", f"<sip:+84909789846@{_IMS}>;tag=kJ3n8sPq2w",
        "Yh3kq8Zr0mVnT5cX1aLp7w..@10.44.17.201",
        (f"<sip:mo@scscf.{_IMS}:6060;lr;ftag=kJ3n8sPq2w;did=f51.0c42>",
         f"<sip:mo@pcscf.{_IMS}:5060;lr;ftag=kJ3n8sPq2w;did=f51.9b01>"),
    ),
    "IMS P-CSCF, long Contact": Far(
        "<sip:+84909789846@192.0.2.200:5060;ue-addr=ue-00a81f3c27d94e5b;eribind-generated-at=10.31.4.9"
        ";ims-charging-session=7f3a01;fs=1>",
        f"<sip:+84909789846@{_IMS};user=phone>;tag=b94f3c7a2d10e5", "p65545t1574590000m384916c10723s2@192.0.2.200",
    ),
    "Microsoft Teams": Far(
        f"<sip:api-du-a-asea.pstnhub.microsoft.com:443;x-i={_UUID};x-c={_HEX32}/d/8/4a1f7c20be934d0f8ad2c6b17e59f034>",
        "<sip:+84909789846@sip.pstnhub.microsoft.com:5061;user=phone>;tag=4a1f7c20be934d0f8ad2c6b17e59f034",
        "7f2a6a9d1b0c4e5f8a7b6c5d4e3f2a1b", ("<sip:sip-du-a-asea.pstnhub.microsoft.com:5061;transport=tls;lr>",),
    ),
    "two Record-Routes of 90 characters": Far(
        "<sip:0909789846@10.44.17.201:5090;transport=udp>", "<sip:0909789846@khach-telecom.example.net>;tag=as6f3c1d22",
        f"{_HEX32}@10.44.17.201:5060",
        (f"<sip:edge1.{_NAMED};did=8f1.3a2b7c41>", f"<sip:core2.{_NAMED};did=2c7.91be40d5>"),
    ),
}  # fmt: skip
# The other way: what stands behind a carrier's gateway.
GATEWAYS: Final = {
    "an address": Far("<sip:0844441909@198.51.100.9:5060>", "", ""),
    **CALLERS,
}
