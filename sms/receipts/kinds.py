"""What a receipt says and what it did. The words are those of the table `sms_receipt`."""

from typing import Literal, NamedTuple

Status = Literal["accepted", "delivered", "failed", "expired", "ignored"]
Effect = Literal["waiting", "applied", "repeated", "overtaken", "contradicted", "ignored"]


class Taken(NamedTuple):
    """A receipt that is in the database. `notification`, `state`: what it is about and how that now stands."""

    id: int
    effect: Effect
    notification: int | None
    state: str | None
