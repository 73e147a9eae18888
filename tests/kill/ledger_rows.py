"""The ledger of a run, as SELECTed."""

from collections import defaultdict

from kemi.spool.instance import is_alive
from kemi.tokens import leg_letters
from tests.kill.evidence import CallRow, LegRow, ToldRow
from tests.kill.room import KillRoom, Row

_CALLS = """
    select c.*, extract(epoch from arrived_at)::float8 as arrived from call c
    where arrived_at >= to_timestamp(%(since)s) order by arrived_at
"""
_LEGS = """
    select l.* from call_leg l join call c on c.id = l.call_id
    where c.arrived_at >= to_timestamp(%(since)s) order by leg, attempt
"""
_TOLD = """
    select n.*, (select count(*) from notification_attempt a where a.notification_id = n.id and a.finished_at is null)
        as unknown
    from notification n join call c on c.id = n.call_id
    where c.arrived_at >= to_timestamp(%(since)s) order by n.id
"""
_UNFINISHED = """
    select 'call ' || sip_call_id || ' rings' as what from call where outcome = 'ringing'
    union all
    select 'notification ' || id || ' is ' || state from notification where state in ('queued', 'sending')
"""


def calls(room: KillRoom, since: float) -> list[CallRow]:
    """Return every call that arrived after `since`, oldest first."""
    legs, told = defaultdict(list), defaultdict(list)
    for row in room.rows(_LEGS, since=since):
        legs[row["call_id"]].append(_leg(room, row))
    for row in room.rows(_TOLD, since=since):
        number = national(row["member_number"])
        told[row["call_id"]].append(ToldRow(str(row["id"]), number, row["kind"], row["state"], row["unknown"]))
    return [
        CallRow(
            row["id"], row["sip_call_id"], national(row["dialled"]), row["instance"], row["arrived"], row["outcome"],
            row["reason"], row["final_code"], row["answered_leg"], row["ended_by"], tuple(legs[row["id"]]),
            tuple(told[row["id"]]),
        )
        for row in room.rows(_CALLS, since=since)
    ]  # fmt: skip


def over_and_alive(room: KillRoom, since: float) -> set[str]:
    """Return the Call-IDs of calls that have their outcome, and whose edge lives to tell the caller."""
    spool = room.var_dir / "spool"
    return {
        row["sip_call_id"]
        for row in room.rows(_CALLS, since=since)
        if row["outcome"] != "ringing" and is_alive(spool, row["instance"])
    }


def dead_letters(room: KillRoom) -> int:
    """Return how many lines of the spool could never be used."""
    return int(room.rows("select count(*) as n from dead_letter")[0]["n"])


def unfinished(room: KillRoom) -> str:
    """Return what is still going on in the ledger, in words; "" for nothing."""
    return ", ".join(row["what"] for row in room.rows(_UNFINISHED))


def national(number: str) -> str:
    """Return an E.164 number of the country as people dial it."""
    return number.replace("+84", "0", 1)


def _leg(room: KillRoom, row: Row) -> LegRow:
    name = leg_letters(row["leg"], row["attempt"])
    sip_call_id = room.keyring.leg_call_id(bytes.fromhex(row["call_id"]), name)
    number = national(row["member_number"])
    return LegRow(row["leg"], sip_call_id, number, row["outcome"], row["code"], row["rang_at"] is not None)
