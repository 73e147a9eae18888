"""The shape of the code: layers, one door to Kamailio, no routing in its configuration, pages that fit a screen."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).resolve().parents[2]
PRODUCT: Final = ("kemi", "sms", "sql", "deploy", "sipp_scenarios")
OURS: Final = (*PRODUCT, "tests")
LONGEST: Final = 250  # lines of a file
PAGE: Final = 60  # lines of a decision
ROUTING: Final = re.compile(
    r"^\s*(?:(?:request|reply|branch|onreply|failure|onsend|event|startup|local)_?route|route)\s*(?:\[|\{|\()",
    re.IGNORECASE,
)


def python_files(*folders: str) -> Iterator[Path]:
    """Every Python file of these folders."""
    for folder in folders:
        yield from sorted((ROOT / folder).rglob("*.py"))


def imports(path: Path) -> set[str]:
    """The names of what a file imports, at its top or anywhere within."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add(node.module or "")
    return found


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def routing_of(config: str) -> list[str]:
    """The lines of a Kamailio configuration that begin a routing block."""
    return [line for line in config.splitlines() if ROUTING.match(line.partition("#")[0])]


@pytest.fixture(scope="module")
def contracts() -> str:
    """What import-linter says of the contracts in pyproject.toml."""
    command = [sys.executable, "-c", "from importlinter.cli import lint_imports; raise SystemExit(lint_imports())"]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    return f"exit {result.returncode}\n{result.stdout}{result.stderr}"


def test_every_import_goes_the_way_of_the_layers(contracts: str) -> None:
    """domain <- call <- adapters; sms and kemi meet only in SQL."""
    assert contracts.startswith("exit 0\n"), contracts
    assert re.search(r"[1-9] kept, 0 broken", contracts), contracts


def test_only_kemi_ksr_imports_the_ksr_module() -> None:
    """Everything else can be tested, and thought of, without Kamailio."""
    users = {name_of(path.parent) for path in python_files(*PRODUCT) if "KSR" in imports(path)}
    assert users == {"kemi/ksr"}


def test_kamailio_cfg_has_no_routing() -> None:
    """Modules and parameters; what happens to a call stands in Python. One door KEMI has no name for: it calls ours."""
    config = (ROOT / "kamailio.cfg").read_text()
    assert "app_python3" in config
    assert routing_of(config) == ['event_route[core:receive-parse-error] { python_exec("on_unreadable"); }']


BLOCKS: Final = [
    "request_route {", "route[RELAY] {", "  failure_route [ALL] {", "reply_route{", "route{", "onreply_route[1] {",
    "event_route[tm:local-request] {", "branch_route[x]", "route(RELAY);",
]  # fmt: skip


@pytest.mark.parametrize("line", BLOCKS)
def test_a_routing_block_would_be_found(line: str) -> None:
    """The check above, checked."""
    assert routing_of(f'modparam("tm", "wt_timer", 33000)\n{line}\n}}') == [line]


def test_no_python_file_is_longer_than_it_may_be() -> None:
    """What grows beyond is two things."""
    lengths = {name_of(path): len(path.read_text().splitlines()) for path in python_files(*OURS)}
    assert {name: length for name, length in lengths.items() if length > LONGEST} == {}


def test_every_module_and_package_says_what_it_is() -> None:
    """In its docstring."""
    silent = [name_of(path) for path in python_files(*OURS) if not ast.get_docstring(ast.parse(path.read_text()))]
    assert silent == []


def test_every_folder_of_modules_is_a_package() -> None:
    """But kemi/entry: Kamailio puts it into sys.path alone."""
    bare = {name_of(path.parent) for path in python_files(*OURS) if not (path.parent / "__init__.py").exists()}
    assert bare == {"kemi/entry"}
    assert [path.name for path in (ROOT / "kemi/entry").glob("*.py")] == ["edge.py"]


def decisions() -> dict[str, Path]:
    """The pages, by their number."""
    return {path.name[:4]: path for path in (ROOT / "kemi/decisions").glob("[0-9]*.md")}


def test_every_decision_that_is_named_is_a_page() -> None:
    """By whoever names it: a comment, a README, another decision."""
    pages = decisions()
    named: dict[str, str] = {}
    texts = [ROOT / "kamailio.cfg", ROOT / "pyproject.toml", *ROOT.glob("*.md")]
    for folder in OURS:
        for kind in ("*.py", "*.sql", "*.md", "*.txt", "*.cfg", "*.yml"):
            texts += (ROOT / folder).rglob(kind)
    for path in texts:
        for number in re.findall(r"decisions/([0-9]{4})", path.read_text()):
            named[number] = name_of(path)
    assert named
    assert {number: path for number, path in named.items() if number not in pages} == {}


def test_a_decision_is_one_page_under_its_own_number() -> None:
    """Longer ones are not read."""
    for number, path in decisions().items():
        lines = path.read_text().splitlines()
        assert re.match(rf"# {number}\.? \S", lines[0]), path.name
        assert len(lines) <= PAGE, path.name
