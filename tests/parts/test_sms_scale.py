"""Among many notifications, each of the sender's regular looks finds its own by an index.

SMS_ROWS=1000000 pytest -s tests/parts/test_sms_scale.py     as the decision 0032 has it
"""

import json
import os
from collections.abc import Iterator
from typing import Any, Final

import psycopg2
import pytest
from psycopg2.extensions import connection

from sql.named import queries
from tests.database import fresh_database

ROWS: Final = int(os.environ.get("SMS_ROWS", "20000"))
PARAMETERS: Final = {"most": 8, "lease_seconds": 30, "give_up_seconds": 21600, "most_of_one": 6, "busy": "{}"}
LOOKS: Final = ("expire", "release_merged", "hold_abandoned", "take_back", "claim_queued", "leave_open", "next_turn")
# Of a hundred rows 95 are over, 4 wait (half of them due, half of the rest with a second provider), 1 is under way.
WORLD: Final = """
    insert into plan (id, name) values (1, 'p');
    insert into sms_provider (id, name, url, messages_per_second)
    select i, 'p' || i, 'https://example.net/', case i when 3 then 5 end from generate_series(1, 5) as i;
    update sms_provider_state set state = 'open', why = 'down', since = now(), probe_at = now() + interval '1 hour'
    where provider_id = 4;
    insert into tenant (id, name, brand, plan_id, sms_provider_id) values (1, 't', 'v', 1, 1);
    insert into call (id, node, instance, sip_call_id, arrived_at, outcome)
    values ('c', 'n', 'i', 'x', now(), 'missed');
    alter table notification disable trigger user;
    insert into notification (call_id, tenant_id, member_id, member_number, kind, state, called_at, next_attempt_at,
        lease_until, provider_id, fallback_provider_id, expires_at)
    select 'c', 1, i, '+849' || lpad(i::text, 8, '0'), 'missed',
        case when i %% 100 < 95 then 'accepted' when i %% 100 = 99 then 'sending' else 'queued' end,
        now() - i %% 3600 * interval '1 second',
        now() + case when i %% 2 = 0 then 1 else -1 end * (i %% 3600) * interval '1 second',
        case when i %% 100 = 99 then now() + interval '1 hour' end,
        1 + i / 100 %% 5, case when i %% 4 = 1 then 5 end, case when i %% 3 = 0 then now() + interval '1 hour' end
    from generate_series(1, %(rows)s) as i;
    set constraints all immediate;
    alter table notification enable trigger user;
    analyze;
"""


@pytest.fixture(scope="module")
def conn() -> Iterator[connection]:
    """A database with `ROWS` notifications; what a test writes is rolled back."""
    with fresh_database() as url:
        conn = psycopg2.connect(url)
        with conn, conn.cursor() as cur:
            cur.execute(WORLD, {"rows": ROWS})
        yield conn
        conn.close()


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """A plan and all below it."""
    yield plan
    for below in plan.get("Plans", []):
        yield from nodes(below)


@pytest.mark.parametrize("look", LOOKS)
def test_no_look_reads_them_all(conn: connection, look: str) -> None:
    with conn.cursor() as cur:
        cur.execute("explain (analyze, buffers, format json) " + queries("sms")[look], PARAMETERS)
        ((explained,),) = cur.fetchall()
    conn.rollback()
    whole = (explained if isinstance(explained, list) else json.loads(explained))[0]
    touched = [node for node in nodes(whole["Plan"]) if node.get("Relation Name") == "notification"]
    used = {node["Index Name"] for node in nodes(whole["Plan"]) if "Index Name" in node}
    print(f"{look}: {whole['Execution Time']:.2f} ms, {', '.join(sorted(used))}")
    assert touched
    assert [node["Node Type"] for node in touched if node["Node Type"] == "Seq Scan"] == []
    assert sum(node["Actual Rows"] * node["Actual Loops"] for node in touched) < ROWS / 20
