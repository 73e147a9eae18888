"""The messages as `make scenarios` knows them: `torture` is all of them, `torture/wsinv` is one."""

from collections.abc import Iterator
from typing import NamedTuple

from sipp_scenarios.torture import replies
from sipp_scenarios.torture.play import problems, torturer
from sipp_scenarios.torture.rows import NAME, Row, rows
from tests.edge import Edge


class Torture(NamedTuple):
    """A message, told of and played as a scenario is."""

    row: Row

    @property
    def name(self) -> str:
        """`torture/` and what the RFC calls it."""
        return f"{NAME}/{self.row.name}"

    @property
    def summary(self) -> str:
        """What it is, what it is answered, and why not as asked."""
        answer = self.row.answer or "nothing"
        more = f", called {self.row.called}" if self.row.called else ""
        more += f", as a member's it {self.row.replied}" if self.row.replied else ""
        return f"{self.row.what}: {answer}{more}; asked {self.row.asked}{f'. {self.row.why}' if self.row.why else ''}"

    @property
    def standard(self) -> str:
        """Where it stands."""
        return f"RFC 4475 §{self.row.section}"

    def problems(self, edge: Edge) -> list[str]:
        """What is not as promised: of the message, and of a call of the hotline with it."""
        with torturer(edge) as sender:
            found = problems(self.row, edge, sender)
            if self.row.called:
                found += [f"called: {each}" for each in problems(self.row, edge, sender, called=True)]
        if self.row.replied:
            found += [f"as a member's: {each}" for each in replies.problems(self.row, edge)]
        return found


def chosen(name: str) -> Iterator[Torture]:
    """Yield what `name` means; nothing for the name of something else."""
    for row in rows():
        if name in {NAME, f"{NAME}/{row.name}"}:
            yield Torture(row)
