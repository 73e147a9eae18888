"""`extgroup sms install`: a ready row for a provider, and what is still to be done by hand."""

from typing import Annotated

import typer

from deploy.desk import asking, telling
from deploy.desk.asking import BadQuestion
from sql import ready
from sql.ready import Ready


def install(name: Annotated[str, typer.Argument(help="which; without it: the list", metavar="[NAME]")] = "") -> None:
    """Write a ready row for an SMS provider (none of them is verified against a live account yet)."""
    known = {one.name: one for one in ready.known()}
    if not name:
        for one in known.values():
            telling.say(f"{one.name:<10} {one.about}")
        return
    with asking.answering() as conn:
        if name not in known:
            raise BadQuestion(f"there is no ready row {name}; there are: {', '.join(known)}")
        new = ready.install(conn, name)
        telling.say(_next(known[name], new=new))


def _next(one: Ready, *, new: bool) -> str:
    lines = [f"sms_provider {one.provider}: " + ("installed" if new else "it is there already, and stays as it is")]
    lines.append(f"what it says, and from where: sql/providers/{one.name}.sql")
    if one.variables:
        lines.append(f"set for the sender, in edge.env: {', '.join(one.variables)}")
    if one.files:
        lines.append(f"write as files into the sender's SECRETS_DIR: {', '.join(one.files)}")
    lines += [
        f"try it: make extgroup ARGS='sms test --provider \"{one.provider}\" --to <your number>'",
        "then: set its sender (the registered name), and tenant.sms_provider_id",
    ]
    return "\n".join(lines)
