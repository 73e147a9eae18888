"""Write `ksr_api_<version>.json`: every KEMI function of the Kamailio on this machine, as it says itself.

    python -m tests.fakes.dump_api            # after an upgrade of Kamailio; then look at the diff

Starts a Kamailio on a free loopback port with the modules that `kamailio.cfg` loads, asks it
`app_python.api_list` over the socket of jsonrpcs, and keeps name, return type and parameter types.
"""

import contextlib
import json
import os
import re
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any, Final

MODULES: Final = (
    "kex", "corex", "tm", "tmx", "sl", "pv", "textops", "textopsx", "siputils", "maxfwd", "sanity", "htable", "async",
)  # fmt: skip
HERE: Final = Path(__file__).parent
_SCRIPT: Final = """
class Handler:
    def child_init(self, rank): return 0
    def ksr_request_route(self, msg): return 1
def mod_init(): return Handler()
"""
_DEADLINE_SECONDS: Final = 15.0


def free_udp_port() -> int:
    """Return a UDP port of 127.0.0.1 that nobody listens on now."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def config(folder: Path, script: Path, port: int, modules: tuple[str, ...] = MODULES, more: str = "") -> str:
    """Return the text of a kamailio.cfg that runs `script` on 127.0.0.1:`port`, its RPC socket in `folder`."""
    loads = "\n".join(f'loadmodule "{name}.so"' for name in (*modules, "jsonrpcs", "app_python3"))
    return f"""#!KAMAILIO
debug=1
log_stderror=yes
children=1
auto_aliases=no
disable_tcp=yes
listen=udp:127.0.0.1:{port}
{loads}
modparam("jsonrpcs", "transport", 4)
modparam("jsonrpcs", "fifo_name", "")
modparam("jsonrpcs", "dgram_socket", "{folder}/rpc.sock")
modparam("app_python3", "load", "{script}")
{more}
cfgengine "python"
"""


def start(folder: Path, cfg: str, environment: dict[str, str] | None = None) -> subprocess.Popen[bytes]:
    """Start Kamailio in `folder` with the text `cfg` and wait for its RPC socket; raises TimeoutError."""
    (folder / "kamailio.cfg").write_text(cfg)
    command = ["kamailio", "-f", f"{folder}/kamailio.cfg", "-DD", "-E", "-m", "64", "-M", "8", "-Y", str(folder)]
    with (folder / "kamailio.log").open("wb") as log:
        process = subprocess.Popen(
            [*command, "-P", f"{folder}/kamailio.pid"],
            stdout=log,
            stderr=log,
            env={**os.environ, **(environment or {})},
        )
    deadline = time.monotonic() + _DEADLINE_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            rpc(folder, "core.version")
        except OSError:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(0.02)
        else:
            return process
    process.kill()
    process.wait()
    raise TimeoutError((folder / "kamailio.log").read_text())


def rpc(folder: Path, method: str) -> Any:
    """Ask the Kamailio that runs in `folder`; returns the JSON-RPC result. Raises OSError while it is not there."""
    here = folder / "client.sock"
    here.unlink(missing_ok=True)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as client:
        client.bind(str(here))
        client.settimeout(5)
        request = {"jsonrpc": "2.0", "method": method, "id": 1}
        client.sendto(json.dumps(request).encode(), str(folder / "rpc.sock"))
        return json.loads(client.recv(1 << 22))["result"]


def surface(folder: Path) -> dict[str, Any]:
    """Return the surface of the Kamailio in `folder`, sorted: {"kamailio": version, "functions": {name: …}}."""
    found = re.search(r"kamailio[^0-9]*([0-9]+\.[0-9]+\.[0-9]+)", str(rpc(folder, "core.version")))
    assert found, "core.version names no version"
    functions = {}
    for entry in rpc(folder, "app_python.api_list")["methods"]:
        function = entry["func"]
        if function["module"] not in ("", "hdr", *MODULES):
            continue
        name = ".".join(part for part in (function["module"], function["name"]) if part)
        params = [] if function["params"] == "none" else function["params"].split(", ")
        functions[name] = {"returns": function["ret"], "params": params}
    return {"kamailio": found[1], "functions": dict(sorted(functions.items()))}


def main() -> None:
    """Dump the surface beside this file."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        script = folder / "probe.py"
        script.write_text(_SCRIPT)
        process = start(folder, config(folder, script, free_udp_port()))
        try:
            found = surface(folder)
        finally:
            process.terminate()
            process.wait()
    lines = [f"    {json.dumps(key)}: {json.dumps(value)}" for key, value in found["functions"].items()]
    text = f'{{\n  "kamailio": "{found["kamailio"]}",\n  "functions": {{\n' + ",\n".join(lines) + "\n  }\n}\n"
    path = HERE / f"ksr_api_{found['kamailio']}.json"
    path.write_text(text)
    print(f"{path.name}: {len(lines)} functions")


if __name__ == "__main__":
    main()
