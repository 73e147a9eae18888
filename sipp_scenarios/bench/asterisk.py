"""Asterisk as a peer: Debian's own package in a folder of its own, by debootstrap, ringing the same groups.

Bookworm has none, so a folder of `SUITE` is made once, `var/asterisk-<suite>` (500 MB), and kept. That needs root,
debootstrap and Debian's mirror; without them the benchmark goes on without Asterisk and says so.
"""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from deploy.parts import answers_options
from deploy.settings import ROOT
from deploy.wait import until
from sipp_scenarios.bench.groups import ENDS, SIZES, Ends, hotline, numbers
from sipp_scenarios.bench.program import EDGE, Program
from tests.edge import CUSTOMER_HOST, EDGE_HOST, GATEWAY_HOST, free_port

NAME: Final = "Asterisk"
CANNOT: Final = (
    "a B2BUA, so legs have Call-IDs and SDP of their own; which headers pass is each dialplan's care; running calls "
    "end with the process; no ledger of legs, no SMS"
)
SUITE: Final = "sid"
_MAKING_SECONDS: Final = 1200.0
_FOLDER: Final = ROOT / "var" / f"asterisk-{SUITE}"
_MODULES: Final = """[modules]
autoload=no
load=res_sorcery_config.so
load=res_sorcery_memory.so
load=res_sorcery_astdb.so
load=res_timing_timerfd.so
load=res_rtp_asterisk.so
load=res_pjproject.so
load=res_pjsip.so
load=res_pjsip_session.so
load=res_pjsip_sdp_rtp.so
load=res_pjsip_caller_id.so
load=res_pjsip_endpoint_identifier_ip.so
load=res_pjsip_authenticator_digest.so
load=bridge_simple.so
load=bridge_native_rtp.so
load=codec_alaw.so
load=codec_ulaw.so
load=chan_pjsip.so
load=pbx_config.so
load=app_dial.so
load=func_callerid.so
load=res_pjsip_pubsub.so
"""


class NoAsterisk(Exception):
    """Why there is none here."""


def folder() -> Path:
    """Return the folder that Asterisk lies in, made if it is not there. Raises `NoAsterisk`."""
    if (_FOLDER / "usr/sbin/asterisk").exists():
        return _FOLDER
    if os.geteuid() != 0:
        raise NoAsterisk("only root can make its folder and run it")
    if shutil.which("debootstrap") is None:
        raise NoAsterisk("debootstrap is not installed")
    _FOLDER.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=_FOLDER.parent, prefix="asterisk-") as making:
        command = ["debootstrap", "--variant=minbase", "--include=asterisk", SUITE, making]  # from its own mirror
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=_MAKING_SECONDS, check=False)
        except subprocess.TimeoutExpired as late:
            raise NoAsterisk(f"debootstrap was not ready after {_MAKING_SECONDS:.0f} s") from late
        if done.returncode:
            raise NoAsterisk(f"debootstrap: {(done.stdout + done.stderr).strip().splitlines()[-1]}")
        Path(making).rename(_FOLDER)
        Path(making).mkdir()  # so that there is one to be removed
    return _FOLDER


def version() -> str:
    """Return what it says of itself. Raises `NoAsterisk`, also where nobody has made its folder yet."""
    if not (_FOLDER / "usr/sbin/asterisk").exists():
        raise NoAsterisk("it is not here")
    command = ["chroot", str(_FOLDER), "asterisk", "-V"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise NoAsterisk(done.stderr.strip())
    return done.stdout.strip()


@contextmanager
def running(say: Callable[[str], None]) -> Iterator[Program]:
    """Give an Asterisk that rings the groups. Raises `NoAsterisk`."""
    say(f"asking for {NAME}; the first time this takes some minutes")
    root = folder()
    address, port = (EDGE_HOST, free_port(EDGE_HOST)), free_port(GATEWAY_HOST)
    with tempfile.TemporaryDirectory(dir=root / "tmp", prefix="bench-") as made:
        config = Path(made)
        inside = Path("/") / config.relative_to(root)
        for name, text in _configuration(inside, address, port).items():
            (config / name).write_text(text)
        command = ["setpriv", "--pdeathsig", "TERM", "--", "chroot", str(root), "asterisk", "-f", "-C"]
        with (config / "asterisk.log").open("wb") as log:
            process = subprocess.Popen(
                [*command, str(inside / "asterisk.conf")], stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        try:
            if not until(lambda: answers_options(address), 20.0):
                raise NoAsterisk(f"it does not start: {(config / 'asterisk.log').read_text()[-500:]}")
            yield Program(NAME, address, port, {EDGE: (process.pid,)})
        finally:
            process.terminate()
            process.wait(20)


def _configuration(inside: Path, address: tuple[str, int], port: int) -> dict[str, str]:
    return {
        "asterisk.conf": "[directories]\n"
        + "".join(
            f"{name} => {inside}\n" for name in ("astetcdir", "astvarlibdir", "astdbdir", "astspooldir", "astrundir")
        )
        + f"astlogdir => {inside}\nastmoddir => /usr/lib/x86_64-linux-gnu/asterisk/modules\n"
        + "astdatadir => /usr/share/asterisk\n[options]\nmaxfiles = 65536\n",
        "modules.conf": _MODULES,
        "logger.conf": "[general]\n[logfiles]\nconsole => error\n",
        "rtp.conf": "[general]\nrtpstart=10000\nrtpend=30000\n",
        "pjsip.conf": _PJSIP.format(host=address[0], port=address[1], gateway=f"{GATEWAY_HOST}:{port}"),
        "extensions.conf": "[hotline]\n" + "".join(_extension(*each, port) for each in _GROUPS),
    }


_GROUPS: Final = [(size, ends) for size in SIZES for ends in ENDS]
_PJSIP: Final = f"""[global]
type=global
endpoint_identifier_order=ip
user_agent=SIP
[udp]
type=transport
protocol=udp
bind={{host}}:{{port}}
[customer]
type=endpoint
transport=udp
context=hotline
disallow=all
allow=alaw
direct_media=no
timers=no
send_connected_line=no
rtp_timeout=0
[customer]
type=identify
endpoint=customer
match={CUSTOMER_HOST}
[probe]
type=endpoint
transport=udp
context=none
[probe]
type=identify
endpoint=probe
match={EDGE_HOST}
[gateway]
type=endpoint
transport=udp
context=none
disallow=all
allow=alaw
direct_media=no
timers=no
send_connected_line=no
aors=gateway
send_pai=yes
[gateway]
type=aor
contact=sip:{{gateway}}
"""


def _extension(size: int, ends: Ends, port: int) -> str:
    # The caller's name is left: nothing else passes by which a capture could tell whose a leg is.
    number = hotline(size, ends)
    legs = "&".join(f"PJSIP/gateway/sip:{each}@{GATEWAY_HOST}:{port}" for each in numbers(size, ends))
    return f"exten => {number},1,Set(CALLERID(num)={number})\n same => n,Dial({legs},6)\n same => n,Hangup()\n"
