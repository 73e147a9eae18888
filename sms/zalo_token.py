"""`python -m sms.zalo_token`: renew the access token of a Zalo Official Account; run it by a timer, twice a day.

    SECRETS_DIR        where the files are: zalo_secret_key and zalo_refresh_token are read, zalo_refresh_token and
                       zalo_access_token written, each whole or not at all
    ZALO_APP_ID        the app that the account has authorised
    ZALO_TOKEN_URL     https://oauth.zaloapp.com/v4/oa/access_token

https://www.hexasync.vn/zalo-oa-api-huong-dan-cach-lay-access-token-tu-refresh-token/: secret_key is a header;
refresh_token, app_id and grant_type are a form. An access token is good for 25 hours, a refresh token for 3 months and
*once*: so the new one is on the disk before anything else, and an answer that is lost leaves nothing but a new login.
"""

import os
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import requests

_URL: Final = "https://oauth.zaloapp.com/v4/oa/access_token"
_SECONDS: Final = 30
_MOST: Final = 4096  # bytes of a secret


class TokenError(Exception):
    """The token was not renewed; the text says why, and holds no secret."""


def renew(env: Mapping[str, str]) -> None:
    """Ask for a new pair of tokens and write them. Raises `TokenError`."""
    if not env.get("SECRETS_DIR") or not env.get("ZALO_APP_ID"):
        raise TokenError("SECRETS_DIR and ZALO_APP_ID must be set")
    folder = Path(env["SECRETS_DIR"])
    form = {
        "refresh_token": _read(folder / "zalo_refresh_token"),
        "app_id": env["ZALO_APP_ID"],
        "grant_type": "refresh_token",
    }
    headers = {"secret_key": _read(folder / "zalo_secret_key")}
    if not os.access(folder, os.W_OK):  # before the refresh token is used up
        raise TokenError(f"{folder} cannot be written to")
    access, refresh = _ask(env.get("ZALO_TOKEN_URL") or _URL, form, headers)
    _write(folder / "zalo_refresh_token", refresh)
    _write(folder / "zalo_access_token", access)


def _ask(url: str, form: Mapping[str, str], headers: Mapping[str, str]) -> tuple[str, str]:
    try:
        reply = requests.post(url, data=form, headers=headers, timeout=_SECONDS, allow_redirects=False)
        found = reply.json()
    except requests.JSONDecodeError:
        raise TokenError(f"Zalo answered {reply.status_code}, and no JSON") from None
    except requests.RequestException as error:
        raise TokenError(f"Zalo did not answer: {type(error).__name__}") from None
    if not isinstance(found, dict):
        raise TokenError("Zalo answered with something that is no object")
    access, refresh = found.get("access_token"), found.get("refresh_token")
    if not isinstance(access, str) or not isinstance(refresh, str) or not access or not refresh:
        # Its error_name and error_description are texts of Zalo's; the numbers are enough to look them up.
        raise TokenError(f"Zalo refused: error {str(found.get('error'))[:20]}; log the account in again if this stays")
    return access, refresh


def _read(path: Path) -> str:
    try:
        with path.open("rb") as opened:
            return opened.read(_MOST).decode("ascii").strip()
    except (OSError, ValueError):
        raise TokenError(f"{path} cannot be read") from None


def _write(path: Path, secret: str) -> None:
    """Put `secret` there at once: whoever reads meanwhile has the old or the new one; after a power cut, too."""
    with tempfile.NamedTemporaryFile("w", dir=path.parent, prefix=f".{path.name}.", delete=False) as new:
        new.write(secret + "\n")
        new.flush()
        os.fsync(new.fileno())
    if path.exists():
        found = path.stat()
        os.chmod(new.name, found.st_mode & 0o777)  # the sender may be another user of the same group
        os.chown(new.name, -1, found.st_gid)
    os.replace(new.name, path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def main() -> None:
    """Renew once; exit with 1 and the reason where it does not work."""
    try:
        renew(os.environ)
    except TokenError as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(1)


if __name__ == "__main__":
    main()
