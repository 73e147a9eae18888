"""Seeds: `sql/seed/<name>.sql`, example configuration with psycopg2's %(name)s parameters.

`load(conn, "vcontact", trunk_address="127.0.0.10", gateway_host="127.0.0.20", gateway_port=5060,
sms_url="http://127.0.0.1:8080/send")`
"""

from pathlib import Path
from typing import Final

from psycopg2.extensions import connection

SEEDS: Final = Path(__file__).parent / "seed"


def load(conn: connection, name: str, **params: str | int) -> None:
    """Write the seed `name` with `params` and commit. A seed loaded again brings its rows back to what it says.

    Raises `FileNotFoundError`, `KeyError` for a missing parameter, `psycopg2.Error` where a rule is broken.
    """
    statements = (SEEDS / f"{name}.sql").read_text(encoding="utf-8")
    with conn, conn.cursor() as cur:
        cur.execute(statements, params)
