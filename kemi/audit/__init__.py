"""The leak auditor: nothing that one party of a call said, or is, stands in what another one receives.

Given a capture (or the messages of a test) and who is who, it reads every byte that went to each party. Whatever a
party put on the wire is a secret to the others, outside the few headers that may pass (design.md §3.2), and so is
what is known of it beforehand: numbers in every spelling, names, hosts, addresses, tags, Call-IDs. Each piece of a
message is read as it stands, decoded in every code at every alignment, and XORed with all else on its leg.

    packet, message, pieces, readings (decoders)    what is on the wire
    parties, said, vocabulary, forms, book          what is secret, and whose
    judge, xor, search, finding                     what is a leak
    voice                                           RTP and RTCP, to whom SDP says
    capture (the one adapter), report, __main__     the command: python -m kemi.audit --help

Nothing on the call path knows of it, and it knows nothing of how masking is done.
"""

from kemi.audit.finding import Finding
from kemi.audit.packet import Address, Packet, Sides
from kemi.audit.search import Audit, audit, find_leaks

__all__ = ["Address", "Audit", "Finding", "Packet", "Sides", "audit", "find_leaks"]
