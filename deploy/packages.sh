#!/bin/sh
# Install the Debian packages named as arguments, if one is missing. Says nothing when all are there.
set -eu

missing=
for package in "$@"; do
    state=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)
    [ "$state" = installed ] || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

if [ "$(id -u)" -ne 0 ]; then
    echo "These packages are missing; ask root for: apt-get install$missing" >&2
    exit 1
fi

# The edge runs a cluster of its own: a system-wide one would only take a port and memory.
mkdir -p /etc/postgresql-common
conf=/etc/postgresql-common/createcluster.conf
if ! grep -qs '^create_main_cluster' "$conf" && ! ls /etc/postgresql/*/main >/dev/null 2>&1; then
    echo 'create_main_cluster = false' >>"$conf"
fi

# Debian starts what it installs; here nothing may start.
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod 755 "$policy"
    trap 'rm -f "$policy"' EXIT
fi

export DEBIAN_FRONTEND=noninteractive
apt-get update -q
# shellcheck disable=SC2086  # a list of words
apt-get install -q -y --no-install-recommends -o Dpkg::Options::=--force-confold $missing

# Debian's own would take their ports at the next boot; ours are started by `make run` or deploy/systemd.
case "$missing " in
*" kamailio "*) systemctl disable --quiet kamailio.service 2>/dev/null || true ;;
esac
case "$missing " in
*" rtpengine-daemon "*) systemctl disable --quiet rtpengine-daemon.service 2>/dev/null || true ;;
esac
case "$missing " in
*" redis-server "*) systemctl disable --quiet redis-server.service 2>/dev/null || true ;;
esac
