"""What the check found, as a person or a machine reads it."""

from typing import Final

import msgspec
from rich.console import Console
from rich.table import Table
from rich.text import Text

from kemi.check.carriers import GatewayVerdict, TrunkVerdict
from kemi.check.explain import Explanation
from kemi.check.texting import ProviderVerdict, TextsVerdict
from kemi.check.verdict import GroupVerdict, HotlineVerdict, State

_STYLES: Final[dict[State, str]] = {"yes": "green", "closed": "yellow", "off": "dim", "no": "bold red"}
_NOTHING: Final = "Nothing to tell. Nothing configured yet? README.md, “A real trunk and gateway”, has the SQL to copy."
_SHOWN: Final = 50  # differences


class Checked(msgspec.Struct):
    """Everything that was judged. `live`: whether there is a table of workers to compare with, and why not."""

    hotlines: list[HotlineVerdict]
    groups: list[GroupVerdict]
    differences: list[str]
    live: str | None = None
    trunks: list[TrunkVerdict] = []
    gateways: list[GatewayVerdict] = []
    texts: list[TextsVerdict] = []
    providers: list[ProviderVerdict] = []

    @property
    def is_good(self) -> bool:
        """Whether everything can ring, and everybody be told, that somebody wants to, and the workers know it."""
        members = (one.state for group in self.groups for one in group.members)
        states = [one.state for one in self.hotlines] + [one.state for one in self.groups]
        states += [one.state for one in self.trunks] + [one.state for one in self.gateways]
        states += [one.state for one in self.texts] + [one.state for one in self.providers]
        wrong = any(group.fallback or group.unreached for group in self.groups)
        return "no" not in states and "no" not in members and not wrong and not self.differences


def as_json(found: Checked | Explanation) -> str:
    """Return it for machines: numbers in full."""
    return msgspec.json.encode(found).decode()


def show(found: Checked, console: Console) -> None:
    """Print trunks, hotlines, groups with their members, gateways, SMS, then how the two tables differ."""
    if not any((found.trunks, found.hotlines, found.groups, found.gateways, found.texts, found.providers)):
        console.print(_NOTHING)
        _show_differences(found, console)
        return
    trunks = _table("Trunks", "trunk", "calls come from", "taken now", "why")
    for trunk in found.trunks:
        trunks.add_row(trunk.name, ", ".join(trunk.addresses), _state(trunk.state), trunk.reason or "")
    console.print(trunks)
    hotlines = _table("Hotlines", "hotline", "tenant", "rings now", "group", "why")
    for line in found.hotlines:
        why = _why(line.reason, line.until, line.state)
        code = f" ({line.code})" if line.code else ""
        hotlines.add_row(line.number, line.tenant, _state(line.state), line.group or "", why + code)
    console.print(hotlines)
    groups = _table("Groups", "group", "tenant", "member", "name", "rings now", "through", "why")
    for group in found.groups:
        why = "; ".join(filter(None, (group.reason, group.fallback, group.unreached)))
        groups.add_row(f"{group.id} {group.name}", group.tenant, "", "", _state(group.state), "", why)
        for one in group.members:
            why = "; ".join(filter(None, (_why(one.reason, one.until, one.state), one.note)))
            groups.add_row("", "", f"{one.id} {one.number}", one.name or "", _state(one.state), one.gateway or "", why)
    console.print(groups)
    gateways = _table("Gateways", "gateway", "at", "used now", "why")
    for gateway in found.gateways:
        gateways.add_row(gateway.name, gateway.address, _state(gateway.state), gateway.reason or "")
    console.print(gateways)
    if found.texts or found.providers:
        _show_texts(found, console)
    _show_differences(found, console)


def _show_texts(found: Checked, console: Console) -> None:
    texts = _table("SMS", "tenant", "through", "sent now", "why")
    for one in found.texts:
        texts.add_row(one.tenant, ", then ".join(one.providers), _state(one.state), one.reason or "")
    console.print(texts)
    providers = _table("SMS providers", "provider", "used now", "why")
    for provider in found.providers:
        why = _why(provider.reason, provider.until, provider.state)
        providers.add_row(provider.name, _state(provider.state), why)
    console.print(providers)


def _show_differences(found: Checked, console: Console) -> None:
    if found.live is not None:
        console.print(f"Not compared with the workers' routing table: {found.live}", style="yellow", markup=False)
    elif not found.differences:
        console.print("The workers' routing table says the same.")
    else:
        count = len(found.differences)
        console.print(f"The workers' routing table differs in {count} records:", style="bold red")
        for key in found.differences[:_SHOWN]:
            console.print(f"  {key}", markup=False)


def show_explanation(found: Explanation, console: Console) -> None:
    """Print the steps."""
    steps = Table(box=None, show_header=False, pad_edge=False)
    for step in found.steps:
        steps.add_row(Text(step.what, style="bold"), Text(step.said))
    console.print(steps)
    if found.workers is not None:
        console.print(found.workers, markup=False)


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left", box=None, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column, overflow="fold")
    return table


def _state(state: State) -> Text:
    return Text(state, style=_STYLES[state])


def _why(reason: str | None, until: str | None, state: State) -> str:
    if until is None:
        return reason or ""
    return f"{reason}, until {until}" if state == "closed" else f"until {until}"
