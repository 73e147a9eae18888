"""The three calls of the demo, and what is promised of each (the seed's own: sql/seed/vcontact.sql)."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

HOTLINE: Final = "02727777787"
CALLER: Final = "0909789846"
TEXTABLE: Final = ("0844441909", "0844441910", "0987654321")
LANDLINE: Final = "02838123456"
MEMBERS: Final = (*TEXTABLE, LANDLINE)
_ZONE: Final = ZoneInfo("Asia/Ho_Chi_Minh")


@dataclass(frozen=True)
class Story:
    """One call: how the parties behave (scenarios in sipp/) and how it ends."""

    title: str
    customer: str
    gateway: str
    outcome: str
    final_code: int | None
    ended_by: str | None = None

    @property
    def answered(self) -> bool:
        """Whether a member answers."""
        return self.outcome == "answered"


STORIES: Final = (
    Story("A member answers, talks, and hangs up", "customer_talks", "gateway_answers", "answered", None, "member"),
    Story("The customer hangs up while it rings", "customer_hangs_up", "gateway_rings", "missed", 487),
    Story("Nobody answers within the ring time", "customer_waits", "gateway_rings", "missed", 480),
)


def texts(story: Story, winner: str | None, called_at: float) -> dict[str, str]:
    """Return who must get which SMS: the product's two texts, to the letter (design.md §1).

    `winner` is the member who answered; `called_at`, seconds since the epoch, is when the INVITE was captured.
    """
    if story.answered:
        text = f"(vContact) Ban vua nhan cuoc goi tu so {CALLER}."
        return {winner: text} if winner in TEXTABLE and winner is not None else {}
    when = datetime.fromtimestamp(called_at, _ZONE).strftime("%H:%M %d/%m/%Y")
    missed = f"(vContact) Ban da bi nho 1 cuoc goi tu so {CALLER} vao luc {when}. Vui long kiem tra va lien he lai"
    return dict.fromkeys(TEXTABLE, missed)
