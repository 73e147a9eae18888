"""A company's sound: any common format in, checked, converted, and a file of every edge before its groups name it."""

import json
import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec
import psycopg2
import pytest
from psycopg2.extensions import connection

from kemi.domain.model import Group
from kemi.domain.sounds import RINGBACK
from kemi.sound.convert import SoundRefused, convert
from kemi.table.follower import Follower
from kemi.table.sounds import SoundFiles
from kemi.table.store import TableWriter
from kemi.table.sync import connect
from tests.database import seeded_database
from tests.integration.config_plane.room import sql
from tests.listening import likeness, read, silence, sweep, write_wav

RATE = 16_000
TUNE = sweep(2.0)


@pytest.fixture
def url() -> Iterator[str]:
    with seeded_database() as url:
        yield url


@pytest.fixture
def conn(url: str) -> Iterator[connection]:
    conn = psycopg2.connect(url)
    conn.autocommit = True
    yield conn
    conn.close()


@pytest.fixture
def tune(tmp_path: Path) -> Path:
    return write_wav(tmp_path / "tune.wav", sweep(2.0, RATE), rate=RATE)


def sound(url: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command, as an operator would."""
    command = [sys.executable, "-m", "kemi.sound", *arguments]
    return subprocess.run(command, env={**os.environ, "DATABASE_URL": url}, capture_output=True, text=True, check=False)


def as_format(tune: Path, suffix: str, *arguments: str) -> Path:
    other = tune.with_suffix(suffix)
    subprocess.run(["ffmpeg", "-loglevel", "error", "-i", str(tune), *arguments, str(other)], check=True)
    return other


@pytest.mark.parametrize("suffix", [".wav", ".mp3", ".flac", ".opus", ".m4a"])
def test_any_common_format_sounds_the_same_on_a_telephone(tune: Path, suffix: str) -> None:
    file = tune if suffix == ".wav" else as_format(tune, suffix, "-ac", "2")
    loaded = convert(file)
    assert loaded.seconds == pytest.approx(2.0, abs=0.15)
    for content in (loaded.narrow, loaded.wide):
        tune.with_name("heard.wav").write_bytes(content)
        (heard,) = read(tune.with_name("heard.wav"))
        assert likeness(heard[6000:6400], TUNE) > 0.97
    assert convert(file) == loaded, "loaded again, it is the same sound"


def test_what_nobody_could_listen_to_is_refused_in_words(tune: Path, tmp_path: Path) -> None:
    words = write_wav(tmp_path / "words.wav", [0])
    words.write_text("no sound")
    playlist = tmp_path / "list.m3u8"
    playlist.write_text(f"#EXTM3U\n#EXTINF:2,\nhttp://127.0.0.1:9/{tune.name}\n#EXT-X-ENDLIST\n")
    cases = {
        tmp_path / "none.wav": "there is no such file",
        words: "no audio in it that ffmpeg can read",
        playlist: "no audio in it that ffmpeg can read",
        write_wav(tmp_path / "short.wav", sweep(0.5)): "lasts 0.50 s; at least 1 s",
        write_wav(tmp_path / "long.wav", sweep(1.0) * 301): "lasts longer than 300 s",
        write_wav(tmp_path / "silent.wav", silence(2)): "silence",
    }
    for file, said in cases.items():
        with pytest.raises(SoundRefused, match=said):
            convert(file)


def test_a_sound_is_a_file_of_the_edge_before_its_group_names_it(url: str, tune: Path, tmp_path: Path) -> None:
    added = sound(url, "add", str(tune), "--tenant", "vContact", "--name", "Chào mừng", "--group", "Kinh doanh")
    assert (added.returncode, added.stdout) == (
        0,
        "sound 1 “Chào mừng”, 2.00 s\nKinh doanh: while it rings Chào mừng\n",
    ), added.stderr
    reading, files = connect(url), tmp_path / "sounds"
    with TableWriter(tmp_path / "table") as writer:
        follower = Follower(reading, writer, SoundFiles(files))
        follower.compile_all()
        first = named(writer)
        assert {path.name for path in files.iterdir()} == {
            f"{one}.{kind}.wav" for one in (first, RINGBACK) for kind in ("narrow", "wide")
        }
        (heard,) = read(files / f"{first}.narrow.wav")
        assert likeness(heard[6000:6400], TUNE) > 0.97

        other = write_wav(tmp_path / "other.wav", sweep(3.0, RATE, high=900), rate=RATE)
        assert sound(url, "add", str(other), "--tenant", "1", "--name", "Chào mừng").returncode == 0
        follower.compile_changes()
        second = named(writer)
        assert first != second
        assert (files / f"{second}.wide.wav").read_bytes() == convert(other).wide
        follower.forget_changes()
        assert {path.name.partition(".")[0] for path in files.iterdir()} == {second, RINGBACK}
    reading.close()


def named(writer: TableWriter) -> str:
    """What the workers' table calls the group's sound."""
    (group,) = (msgspec.msgpack.decode(value, type=Group) for _, value in writer.items(b"G:"))
    assert group.waiting_sound is not None
    return group.waiting_sound


def test_a_full_disk_costs_the_sound_and_raises_an_alarm(
    url: str, tune: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Where the folder should be is a file: nothing can be written, whoever the tests run as."""
    assert sound(url, "add", str(tune), "--tenant", "vContact", "--group", "Kinh doanh").returncode == 0
    (tmp_path / "sounds").write_text("")
    reading = connect(url)
    with TableWriter(tmp_path / "table") as writer, caplog.at_level(logging.WARNING, "sounds"):
        Follower(reading, writer, SoundFiles(tmp_path / "sounds")).compile_all()
        assert named(writer)
    reading.close()
    assert "alarm=sound_not_stored" in caplog.text


def test_the_command_says_what_to_change(url: str, conn: connection, tune: Path) -> None:
    assert sound(url, "add", str(tune), "--tenant", "vContact", "--group", "Kinh doanh").returncode == 0
    asked = {
        ("add", str(tune), "--tenant", "Nobody"): "--tenant Nobody: nobody is called so",
        ("add", str(tune), "--tenant", "1", "--group", "None"): "tenant 1 has no group None",
        ("remove", "--tenant", "1", "--name", "tune"): "played by Kinh doanh: first give them another",
        ("remove", "--tenant", "1", "--name", "nothing"): "has no sound nothing",
        ("play", "--tenant", "1", "--group", "Kinh doanh", "--name", "nothing"): "has no sound nothing",
    }
    for arguments, words in asked.items():
        refused = sound(url, *arguments)
        assert refused.returncode == 2, refused
        assert words in refused.stderr
        assert refused.stdout == ""
    assert "played by Kinh doanh" in sound(url, "list").stdout
    (listed,) = json.loads(sound(url, "list", "--json").stdout)
    assert (listed["name"], listed["seconds"], listed["groups"]) == ("tune", 2.0, ["Kinh doanh"])
    said = sound(url, "play", "--tenant", "1", "--group", "Kinh doanh", "--name", "tune", "--announce").stdout
    assert said == "Kinh doanh: before anybody rings tune\n"
    assert sound(url, "play", "--tenant", "1", "--group", "Kinh doanh").stdout == "Kinh doanh: while it rings nothing\n"
    assert "played by Kinh doanh" in sound(url, "remove", "--tenant", "1", "--name", "tune").stderr
    sound(url, "play", "--tenant", "1", "--group", "Kinh doanh", "--announce")
    assert sound(url, "remove", "--tenant", "1", "--name", "tune").stdout == "removed tune\n"
    sql(conn, "select 1 from sound")


def test_explain_says_what_the_caller_hears_and_that_it_is_recorded(url: str, conn: connection, tune: Path) -> None:
    assert sound(url, "add", str(tune), "--tenant", "1", "--group", "Kinh doanh", "--announce").returncode == 0
    sql(conn, "update external_group set record = 'always', keep_recordings_days = 30")
    environment = {**os.environ, "DATABASE_URL": url, "VAR_DIR": str(tune.parent)}
    command = [sys.executable, "-m", "kemi.check", "explain", "02727777787"]
    said = subprocess.run(command, env=environment, capture_output=True, text=True, check=False).stdout
    words = " ".join(said.split())
    assert "the caller hears sound 1, 2 s; then it rings" in words
    assert "while it rings a ringing tone of ours" in words
    assert "when answered recorded, kept 30 days" in words
