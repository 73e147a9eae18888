"""`python -m kemi.audit capture.pcap …`: prove on your own traffic that nothing passes from one side to the other.

Exit status: 0 nothing found, 1 findings, 2 the question or the capture cannot be used.
"""

import ipaddress
import sys
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console

from kemi.audit.capture import CaptureUnreadable, read_capture
from kemi.audit.finding import Side
from kemi.audit.packet import Packet, Sides
from kemi.audit.report import as_json, print_report
from kemi.audit.search import Audit, audit
from kemi.domain.e164 import e164
from kemi.errors import EdgeError, NotANumber

_WIDTH: Final = 160  # characters, where nobody's terminal says less
_SHORTEST_NAME: Final = 4


class BadQuestion(EdgeError):
    """The command was not told enough, or not rightly; the text says what."""


def main(
    capture: Annotated[Path, typer.Argument(help="a pcap or pcapng file, whole packets")],
    edge: Annotated[list[str], typer.Option(help="an address of the edge; may be repeated")],
    trunk: Annotated[list[str], typer.Option(help="an address that callers come from; may be repeated")],
    gateway: Annotated[list[str], typer.Option(help="an address that members are behind; may be repeated")],
    caller: Annotated[list[str] | None, typer.Option(help="a caller's number, any spelling")] = None,
    caller_name: Annotated[list[str] | None, typer.Option(help="a caller's name")] = None,
    member: Annotated[list[str] | None, typer.Option(help="a member's number, any spelling")] = None,
    member_name: Annotated[list[str] | None, typer.Option(help="a member's name")] = None,
    public: Annotated[list[str] | None, typer.Option(help="what both may know: outbound number, edge's host")] = None,
    anchored: Annotated[
        bool, typer.Option("--anchored", help="voice goes through the edge: media addresses, too")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="findings as JSON")] = False,
) -> None:
    """Search every byte that went to each party for whatever is known, or was said, of the others."""
    try:
        sides = Sides(
            callers=_addresses("--trunk", trunk),
            gateways=_addresses("--gateway", gateway),
            public=frozenset(public or ()) | _addresses("--edge", edge),
            members=_numbers("--member", member),
            caller_numbers=_numbers("--caller", caller),
            caller_names=_names("--caller-name", caller_name),
            member_names=_names("--member-name", member_name),
            edges=_addresses("--edge", edge),
            anchored=anchored,
        )
        done = _audited(capture, sides)
    except EdgeError as error:
        Console(stderr=True, highlight=False).print(str(error), style="red", markup=False, soft_wrap=True)
        raise typer.Exit(2) from error
    if json:
        sys.stdout.write(as_json(done) + "\n")
    else:
        print_report(Console(width=max(Console().width, _WIDTH), highlight=False), done)
    raise typer.Exit(1 if done.findings else 0)


def _audited(file: Path, sides: Sides) -> Audit:
    _must_know_both(sides)
    found = read_capture(file)
    complaints = found.complaints(sides.edges | sides.callers | sides.gateways)
    if complaints:
        raise CaptureUnreadable(f"{file} proves nothing: {'; '.join(complaints)}")
    if not any(_is_sip(packet) for packet in found.packets):
        raise CaptureUnreadable(f"there is no SIP in {file}")
    done = audit(found.packets, sides)
    options: dict[Side, str] = {"caller": "--trunk", "member": "--gateway"}
    for side, option in options.items():
        if not done.read[side]:
            seen = ", ".join(sorted({host for packet in found.packets for host in (packet.src[0], packet.dst[0])}))
            raise BadQuestion(f"the edge sent nothing to {option}: is it right? There is SIP between {seen}")
    return done


def _must_know_both(sides: Sides) -> None:
    if not sides.caller_numbers and not sides.caller_names:
        raise BadQuestion("nothing is known of the caller: give --caller NUMBER, --caller-name NAME or both")
    if not sides.members:
        raise BadQuestion("nothing is known of the members: give --member NUMBER, once for each")


def _is_sip(packet: Packet) -> bool:
    first = packet.raw.partition(b"\r\n")[0]
    return first.startswith(b"SIP/2.0 ") or first.endswith(b" SIP/2.0")


def _addresses(option: str, given: list[str]) -> frozenset[str]:
    try:
        return frozenset(str(ipaddress.ip_address(each)) for each in given)
    except ValueError as wrong:
        raise BadQuestion(f"{option}: {wrong}") from wrong


def _numbers(option: str, given: list[str] | None) -> frozenset[str]:
    try:
        return frozenset(e164(each) for each in given or ())
    except NotANumber as wrong:
        raise BadQuestion(f"{option}: {wrong}") from wrong


def _names(option: str, given: list[str] | None) -> frozenset[str]:
    for name in given or ():
        if len(name) < _SHORTEST_NAME:
            raise BadQuestion(f"{option}: a name of {len(name)} letters stands in every message; give more of it")
    return frozenset(given or ())


if __name__ == "__main__":
    typer.run(main)
