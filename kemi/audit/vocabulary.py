"""Words of the protocol itself: they stand in messages without having been copied, so they are nobody's secret.

Registries, not judgement: methods, option tags, the names of headers and parameters (IANA, sip-parameters).
"""

from typing import Final

_METHODS: Final = (
    "invite cancel options update prack refer notify subscribe message publish register"
)  # fmt: skip
_OPTION_TAGS: Final = (
    "100rel 199 answermode callerid early-session eventlist explicitsub from-change geolocation-http geolocation-sip "
    "gin gruu histinfo ice join multiple-refer norefersub nosub outbound path policy precondition pref privacy "
    "recipient-list-invite recipient-list-message recipient-list-subscribe record-aware replaces resource-priority "
    "sdp-anat sec-agree siprec tdialog timer trickle-ice uui"
)
_HEADERS: Final = (
    "accept accept-encoding accept-language alert-info allow allow-events authorization call-id call-info contact "
    "content-disposition content-encoding content-length content-type cseq date diversion event expires from "
    "geolocation history-info identity max-forwards mime-version min-se organization p-asserted-identity "
    "p-preferred-identity priority privacy proxy-authenticate proxy-authorization rack reason record-route refer-to "
    "referred-by remote-party-id reply-to require retry-after route rseq server session-expires session-id subject "
    "subscription-state supported timestamp unsupported user-agent user-to-user via warning www-authenticate"
)
_PARAMETERS: Final = (
    "refresher received branch rport z9hg4bk transport cause application multipart mixed alternative boundary session "
    "attachment handling optional required signal duration active pending terminated completed elsewhere answered "
    "anonymous anonymous.invalid invalid critical request private phone digest false"
)

VOCABULARY: Final = frozenset(" ".join((_METHODS, _OPTION_TAGS, _HEADERS, _PARAMETERS)).split())

# Headers whose numbers pass to the other side (design.md §3.2); To carries the dialled number and is looked at apart.
PASSED: Final = frozenset({"max-forwards", "cseq", "content-length", "rseq", "rack"})
# Headers made of words from a registry: their values are no phrase of the sender's.
LISTS: Final = frozenset(
    {"accept", "allow", "allow-events", "content-type", "content-disposition", "content-encoding", "event", "require"}
    | {"supported", "unsupported", "session-expires", "min-se", "expires", "privacy", "mime-version", "retry-after"}
    | {"proxy-require", "subscription-state", "priority"}
)
SDP_PASSED: Final = ("v=", "m=", "b=", "t=")
SDP_ATTRIBUTES: Final = frozenset(
    {"rtpmap", "fmtp", "ptime", "maxptime", "rtcp-mux", "rtcp-fb", "sendrecv", "sendonly", "recvonly", "inactive"}
    | {"mid", "group", "crypto", "fingerprint", "setup", "connection", "silenceSupp"}
    | {"T38FaxVersion", "T38MaxBitRate", "T38FaxMaxBuffer", "T38FaxMaxDatagram", "T38FaxFillBitRemoval"}
    | {"T38FaxTranscodingMMR", "T38FaxTranscodingJBIG", "T38FaxRateManagement", "T38FaxUdpEC"}
)
