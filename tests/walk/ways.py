"""The ways in which the walk's groups ring: what a slot's group has beyond four members who ring at once."""

from typing import Final

from tests.edge import Edge

_WAYS: Final = (
    "all at once",
    "in turn",
    "some later, some shorter",
    "the first sound is heard",
    "two gateways",
    "then another group",
    "in turn, two gateways, some later, the first sound is heard",
    "who has been idle longest, then a number",
)
_IN_TURN: Final = "update external_group set strategy = %(how)s where name = %(name)s"
_LATER: Final = """
    update group_member set delay_seconds = 1 where number = e164(%(third)s);
    update group_member set delay_seconds = 2 where number = e164(%(fourth)s);
"""
_SHORTER: Final = """
    update group_member set ring_seconds = 3 where number in (e164(%(first)s), e164(%(third)s));
    update external_group set ring_seconds = 4 where name = %(name)s;
"""
_SOUND: Final = "update external_group set early_media = 'first' where name = %(name)s"
_THEN_A_GROUP: Final = """
    insert into external_group (tenant_id, name, outbound_hotline_id, ring_seconds, notify_members, early_media)
    select tenant_id, name || ' then', outbound_hotline_id, ring_seconds, notify_members, 'first'
    from external_group where name = %(name)s;
    update group_member set group_id = (select id from external_group where name = %(name)s || ' then')
    where number in (e164(%(third)s), e164(%(fourth)s));
    update external_group set fallback_group_id = (select id from external_group where name = %(name)s || ' then')
    where name = %(name)s;
"""
_THEN_A_NUMBER: Final = """
    delete from group_member where number = e164(%(fourth)s);
    update external_group set fallback_number = %(fourth)s where name = %(name)s;
"""


def way_of(slot: int) -> str:
    """Return how the group of a slot rings, in words."""
    return _WAYS[slot % len(_WAYS)]


def go(edge: Edge, slot: int, name: str, members: tuple[str, ...]) -> None:
    """Make the group `name` of a slot ring its way."""
    way = way_of(slot)
    first, _, third, fourth = members
    said = {"in turn": _IN_TURN, "idle": _IN_TURN, "later": _LATER, "shorter": _SHORTER, "sound": _SOUND,
            "another group": _THEN_A_GROUP, "a number": _THEN_A_NUMBER}  # fmt: skip
    how = "longest_idle" if "idle" in way else "round_robin" if "gateways" in way else "sequential"
    for words, sql in said.items():
        if words in way:
            edge.sql(sql, name=name, how=how, first=first, third=third, fourth=fourth)
