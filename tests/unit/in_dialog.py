"""A call that runs: what each side holds and writes, and what the edge makes of its requests."""

from typing import Any, Final

from kemi import tokens
from kemi.dialog import Dialogs, Relay
from kemi.domain.addresses import Hop
from kemi.domain.model import TrunkAddress
from kemi.kinds import Token
from tests.fakes.world import MemoryTable
from tests.unit.given import CALL, CARRIER, FROM, HOST, NOW, TRUNK, headers, keyring, taken, to_caller, to_member

KEYS: Final = keyring()
LEG_ID: Final = KEYS.leg_call_id(CALL, tokens.leg_letters(4, 0))
OUR_TAG: Final = KEYS.caller_tag(CALL, "fromtag")
MOVED: Final = Hop("127.0.0.11", 5060)  # another address of the caller's trunk
CARRIER_MOVED: Final = Hop("127.0.0.21", 5060)
OUTBOUND: Final = "<sip:02727777787@192.0.2.1>"
MEMBER: Final = "sip:0844441909@127.0.0.20:5060"
# What each side writes in its own dialog.
OF_CALLER: Final = {"from_": FROM, "to": "<sip:02727777787@192.0.2.1>;tag=m1", "call_id": "c1@10.9.9.9"}
OF_MEMBER: Final = {
    "from_": "<sip:02727777787@192.0.2.1:5060>;tag=m1", "to": f"{OUTBOUND};tag={OUR_TAG}", "call_id": LEG_ID,
    "contact": f"<{MEMBER}>",
}  # fmt: skip
DIALOG: Final = KEYS.dialog_mark("c1@10.9.9.9", "fromtag", "m1")
CALLERS_TOKEN: Final = to_member(leg=LEG_ID[-2:], dialog=DIALOG)  # which the caller shows
MEMBERS_TOKEN: Final = to_caller()
SECRETS: Final = ("909789846", "10.9.9.9", "Nguyen", "fromtag", "c1@", "127.0.0.10", "44441909", "127.0.0.20")


def dialogs(now: float = NOW + 60, table: MemoryTable | None = None, keys: str = "") -> Dialogs:
    """The edge, a minute into the call."""
    made = table or MemoryTable()
    made.trunks[MOVED.ip] = TrunkAddress(1, "customers")
    made.trunks["127.0.0.12"] = TrunkAddress(2, "others")
    return Dialogs(made, keyring(keys) if keys else KEYS, HOST, 86400, lambda: now)


def by_caller(token: Token = CALLERS_TOKEN, source: Hop = TRUNK, edge: Dialogs | None = None, **read: Any) -> Relay:
    """The caller's request goes on."""
    return (edge or dialogs()).relay("INVITE", KEYS.seal(token), source, taken(**(OF_CALLER | read)))


def by_member(token: Token = MEMBERS_TOKEN, source: Hop = CARRIER, edge: Dialogs | None = None, **read: Any) -> Relay:
    """The member's request goes on."""
    return (edge or dialogs()).relay("INVITE", KEYS.seal(token), source, taken(**(OF_MEMBER | read)))


def contact(relay: Relay) -> Token:
    """The token in what goes on."""
    return KEYS.open(headers(relay.block)["Contact"].removeprefix("<sip:").partition("@")[0])[0]
