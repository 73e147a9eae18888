#!/bin/sh
# Make .venv from the system's Python: Kamailio embeds that one, and must find the same packages.
set -eu

# A stamp over what the requirements say: touching a file, or cloning again, installs nothing.
wanted=$(cat deploy/requirements.txt tests/requirements.txt | sha256sum)
if [ ! -f .venv/.stamp ] || [ "$(cat .venv/.stamp)" != "$wanted" ]; then
    echo "making .venv"
    rm -rf .venv
    /usr/bin/python3 -m venv .venv
    .venv/bin/pip install --quiet --disable-pip-version-check -r tests/requirements.txt
fi
# The repository's packages are imported from where they lie, whatever the working directory.
site=$(.venv/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
pwd >"$site/external_groups.pth"
echo "$wanted" >.venv/.stamp
