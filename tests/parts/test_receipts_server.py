"""The receipts endpoint as a process: what it took it keeps, what it cannot keep it has repeated."""

import logging
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg2
import pytest
import requests

from deploy import ports
from deploy.wait import until
from sms.receipts.server import hush
from sql.migrate import migrate, migrations
from tests.database import Server, fresh_database, server
from tests.receipts_endpoint import endpoint_on, send
from tests.sms_reporters import ALL, Reported

ESMS = next(one for one in ALL if one.name == "esms")


@pytest.fixture
def url() -> Iterator[str]:
    with fresh_database() as url:
        yield url


@pytest.fixture
def own() -> Iterator[Server]:
    """A PostgreSQL of the test's own, that it may stop."""
    with server() as own:
        own.start()
        conn = psycopg2.connect(own.url)
        migrate(conn, migrations(), say=lambda _: None)
        conn.close()
        yield own


def test_without_its_database_it_has_receipts_repeated_and_loses_none(own: Server, tmp_path: Path) -> None:
    """503 while it is down, also for the health; what was answered 200 is there when it is back."""
    with endpoint_on(own.url, tmp_path, ports.free_tcp("127.0.0.1")) as endpoint:
        endpoint.becomes(ESMS)
        address = endpoint.address
        report = ESMS.report(Reported(address, ESMS.message_id, "7"))
        assert send(report).status_code == 200
        own.stop()
        for _ in range(3):
            answer = send(report)
            assert (answer.status_code, answer.text) == (503, "nothing can be kept now: please repeat\n")
            assert answer.headers["Retry-After"] == "10"
        assert send(requests.Request("GET", endpoint.url + "/health")).status_code == 503
        own.start()
        assert until(lambda: send(report).status_code == 200, 30)
        conn = psycopg2.connect(own.url)
        with conn, conn.cursor() as cur:
            cur.execute("select status, effect from sms_receipt order by id")
            assert cur.fetchall() == [("accepted", "repeated"), ("accepted", "repeated")]
        conn.close()
        assert address.rpartition("/")[2] not in endpoint.log()


def test_it_may_be_started_before_its_database(own: Server) -> None:
    own.stop()
    port = ports.free_tcp("127.0.0.1")
    env = {"RECEIPTS_LISTEN": f"127.0.0.1:{port}", "RECEIPTS_URL": "http://x", "DATABASE_URL": own.url}
    process = subprocess.Popen([sys.executable, "-m", "sms.receipts.server"], env={**os.environ, **env})
    try:
        assert until(lambda: _status(f"http://127.0.0.1:{port}/health") == 503, 30)
        own.start()
        assert until(lambda: _status(f"http://127.0.0.1:{port}/health") == 200, 30)
    finally:
        process.terminate()
        assert process.wait(30) == 0


def test_what_was_answered_is_there_after_a_kill(url: str, tmp_path: Path) -> None:
    """Eight report at once, and kill -9 in the middle: a row for every 200, at most one more for each of them."""
    with endpoint_on(url, tmp_path, ports.free_tcp("127.0.0.1"), RECEIPTS_PER_SECOND="100000") as endpoint:
        endpoint.becomes(ESMS)
        address, answered = endpoint.address, threading.Semaphore(0)

        def reports(number: int) -> list[str]:
            good: list[str] = []
            for turn in range(2000):
                name = f"m-{number}-{turn}"
                try:
                    status = send(ESMS.report(Reported(address, name, "5"))).status_code
                except requests.RequestException:
                    return good
                assert status == 200
                good.append(name)
                answered.release()
            return good

        with ThreadPoolExecutor(8) as pool:
            work = [pool.submit(reports, number) for number in range(8)]
            for _ in range(100):
                assert answered.acquire(timeout=60)
            endpoint.kill()
            good = {name for one in work for name in one.result()}
        kept = {name for (name,) in endpoint.room.ask("select reference from sms_receipt")}
    assert len(good) >= 100
    assert good <= kept
    assert len(kept - good) <= 8


def test_who_asks_too_often_is_asked_for_patience(url: str, tmp_path: Path) -> None:
    """Guessing addresses costs more than reporting; another address is not held up: that is the proxy's to say."""
    env = {"RECEIPTS_PER_SECOND": "1", "RECEIPTS_PROXY": "127.0.0.1"}
    with endpoint_on(url, tmp_path, ports.free_tcp("127.0.0.1"), **env) as one:
        one.becomes(ESMS)
        guess = requests.Request("GET", one.url + "/receipts/" + "0" * 32, headers={"X-Forwarded-For": "192.0.2.1"})
        statuses = [send(guess).status_code for _ in range(5)]
        assert statuses[0] == 404
        assert 429 in statuses
        report = ESMS.report(Reported(one.address, ESMS.message_id, "5"))
        report.headers = {"X-Forwarded-For": "192.0.2.2"}
        assert send(report).status_code == 200


def test_the_proxy_says_who_asks(url: str, tmp_path: Path) -> None:
    with endpoint_on(url, tmp_path, ports.free_tcp("127.0.0.1"), RECEIPTS_PROXY="127.0.0.1") as endpoint:
        endpoint.becomes(ESMS)
        endpoint.room.ask("update sms_provider set receipt_sources = '{192.0.2.7}'")
        report = ESMS.report(Reported(endpoint.address, ESMS.message_id, "5"))
        report.headers = {"X-Forwarded-For": "192.0.2.8"}
        assert send(report).status_code == 403
        report.headers = {"X-Forwarded-For": "192.0.2.8, 192.0.2.7"}  # the proxy adds whom it saw to what it was told
        assert send(report).status_code == 200


def test_a_proxy_may_take_the_path_away(url: str, tmp_path: Path) -> None:
    """https://example.net/sms → http://here/: both are understood."""
    with endpoint_on(url, tmp_path, ports.free_tcp("127.0.0.1")) as endpoint:
        endpoint.becomes(ESMS)
        short = endpoint.address.replace("/sms/receipts/", "/receipts/")
        assert send(ESMS.report(Reported(short, ESMS.message_id, "5"))).status_code == 200
        assert endpoint.stop() == 0


def test_what_waitress_says_of_a_request_is_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    """It shows the path where a client hangs up, or where something breaks (waitress/channel.py)."""
    log = logging.getLogger("waitress")
    hush()
    try:
        log.info("Client disconnected while serving /receipts/t0ken")
        log.error("Exception while serving /receipts/t0ken")
        logging.getLogger("waitress.queue").warning("Task queue depth is 9")
    finally:
        log.setLevel(logging.NOTSET)
    assert [record.getMessage() for record in caplog.records] == ["Task queue depth is 9"]


def test_bad_settings_are_all_named() -> None:
    env = {"RECEIPTS_LISTEN": "here", "RECEIPTS_URL": "there", "RECEIPTS_PROXY": "x", "RECEIPTS_PER_SECOND": "nan"}
    command = [sys.executable, "-m", "sms.receipts.server"]
    ended = subprocess.run(command, env={**os.environ, **env}, capture_output=True, text=True, check=False)
    assert ended.returncode != 0
    for name in env:
        assert name in ended.stderr


def _status(url: str) -> int:
    try:
        return send(requests.Request("GET", url)).status_code
    except requests.ConnectionError:
        return 0
