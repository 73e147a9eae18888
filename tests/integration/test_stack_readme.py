"""What the README tells people to copy works when it is copied."""

import os
import re
import subprocess
import sys
from pathlib import Path

import psycopg2

from deploy import ports
from deploy.settings import ROOT, FixedSettings
from deploy.stack import Stack
from deploy.wait import until
from kemi.table.store import TableReader

README = (ROOT / "README.md").read_text()


def test_the_sql_to_copy_makes_a_hotline_that_can_ring(tmp_path: Path) -> None:
    """Pasted into an empty database as it stands: the workers' table has the hotline, its members and its gateway."""
    company, rules = re.findall(r"```sql\n(.*?)```", README, re.DOTALL)
    sip = "udp:{}:{}".format(*ports.free_udp("127.0.0.1"))
    settings = FixedSettings(var_dir=tmp_path, sip_listen=sip, rtpengine="none")
    with Stack(settings, without=("ledger", "sender", "watch", "kamailio")) as stack:
        conn = psycopg2.connect(stack.database_url)
        conn.autocommit = True
        with conn.cursor() as cur:
            cur.execute(company)
        table = TableReader(tmp_path / "table")
        assert until(lambda: table.hotline("+842871234567") is not None, 10.0)
        hotline = table.hotline("+842871234567")
        assert hotline is not None
        assert hotline.refusal is None
        group = table.group_of("+842871234567")
        assert group is not None
        assert group.refusal is None
        assert [member.number for member in group.members] == ["+84901234567", "+84912345678"]
        assert table.trunk_address("203.0.113.5") is not None
        with conn.cursor() as cur:
            cur.execute(rules)
        conn.close()
        assert until(lambda: any(member.hours for member in table.group(group.id).members), 10.0)  # type: ignore[union-attr]
        changed = table.group(group.id)
        assert changed is not None
        assert (changed.strategy, changed.fallback_number) == ("round_robin", "+842871234500")
        assert [len(member.hours) for member in changed.members] == [0, 5]
        assert until(lambda: (tenant := table.tenant(1)) is not None and tenant.destinations == ("+65", "+84"), 10.0)
        closed, said = _explained(tmp_path, "2027-02-06 12:00")
        assert (closed, "the hotline is closed now" in said) == (1, True)
        assert "The workers' routing table says the same." in said
        rings, said = _explained(tmp_path, "2027-02-05 12:00")
        assert (rings, "2 telephones of group Sales will ring" in said) == (0, True), said


def _explained(var_dir: Path, when: str) -> tuple[int, str]:
    command = [sys.executable, "-m", "deploy.desk", "explain", "02871234567", "--at", when]
    env = {**os.environ, "VAR_DIR": str(var_dir)}
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout


def test_the_readme_names_every_setting() -> None:
    """The table is complete."""
    missing = [name.upper() for name in FixedSettings.model_fields if f"`{name.upper()}`" not in README]
    assert missing == []


def test_every_path_in_the_map_exists() -> None:
    """The map leads somewhere."""
    rooms = README.partition("## Map of the rooms")[2]
    names = [line.split()[0] for line in rooms.splitlines() if line.startswith("    ") and line.strip()]
    places = [(ROOT / name, ROOT / "kemi" / name) for name in names]
    assert [name for name, where in zip(names, places, strict=True) if not any(place.exists() for place in where)] == []
