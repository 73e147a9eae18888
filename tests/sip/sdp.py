"""Session descriptions that say as much about their sender as real telephones do (RFC 4566)."""


def sdp(
    host: str, port: int = 40000, who: str = "-", *, session: int = 3141592653, version: int = 1,
    mode: str = "sendrecv", crypto: str = "",
) -> bytes:  # fmt: skip
    """An audio offer or answer of `host:port`. `who` fills every line that could name a person; "-" leaves them out.

    `crypto`: its line, for SRTP.
    """
    family = "IP6" if ":" in host else "IP4"
    lines = ["v=0", f"o={who} {session} {version} IN {family} {host}", f"s={who}"]
    if who != "-":
        lines += [f"i=call of {who}", f"u=http://{who}.example/", f"e={who}@example.net", f"p=+1 {who}"]
    lines += [f"c=IN {family} {host}", "t=0 0"]
    if who != "-":
        lines += [f"a=tool:{who}-phone 1.0"]
    profile = "RTP/SAVP" if crypto else "RTP/AVP"
    lines += [f"m=audio {port} {profile} 8 0 101", "a=rtpmap:8 PCMA/8000", "a=rtpmap:0 PCMU/8000"]
    lines += ["a=rtpmap:101 telephone-event/8000", "a=fmtp:101 0-15", f"a={mode}", *([crypto] if crypto else [])]
    if who != "-":
        lines += [f"a=ssrc:314159265 cname:{who}@{host}", f"a=candidate:1 1 UDP 2130706431 {host} {port} typ host"]
    return ("\r\n".join(lines) + "\r\n").encode()
