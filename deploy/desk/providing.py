"""`extgroup sms providers` and `extgroup sms probe`: which provider works, is left alone or waited for; ask one now."""

from typing import Annotated

import typer

from deploy.desk import asking, telling
from deploy.desk.asking import Nothing


def providers(json: Annotated[bool, typer.Option("--json", help="for machines: all fields")] = False) -> None:
    """List SMS providers, how they are, and how much waits for each; ends with 1 where one is left alone."""
    with asking.answering() as conn:
        found = asking.rows(conn, "provider_health")
    if json:
        telling.as_json(found)
    elif found:
        telling.providers(found)
    else:
        telling.say("no SMS provider: `extgroup sms install` lists ready rows")
    raise typer.Exit(1 if any(one["enabled"] and one["state"] != "closed" for one in found) else 0)


def probe(provider: Annotated[str, typer.Argument(help="name or id of the sms_provider row")]) -> None:
    """Try a provider now that is left alone or asked for a pause: its account is topped up, say."""
    with asking.answering() as conn:
        if not asking.change(conn, "probe", name=provider):
            known = ", ".join(row["name"] for row in asking.rows(conn, "providers")) or "none"
            raise Nothing(f"there is no SMS provider {provider}; known: {known}")
        telling.say(
            f"{provider} is tried at once, if something waits for it; `extgroup sms providers` says how that went"
        )
