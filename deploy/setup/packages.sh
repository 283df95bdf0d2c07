#!/bin/sh
# Install the Debian packages whose commands are missing; without root, name them and stop.
# Usage: sh deploy/setup/packages.sh COMMAND:PACKAGE...      or: sh deploy/setup/packages.sh --force PACKAGE...
# Tests start their own servers on free ports: no service that a package may start is used or changed.
set -eu

# Debian keeps PostgreSQL's server commands off PATH, one directory a version.
present() {
    command -v "$1" >/dev/null 2>&1 && return 0
    for path in /usr/lib/postgresql/*/bin/"$1"; do
        [ -x "$path" ] && return 0
    done
    return 1
}

missing=
for wanted in "$@"; do
    case $wanted in
        --force) ;;
        *:*) present "${wanted%%:*}" || missing="$missing ${wanted##*:}" ;;
        *) missing="$missing $wanted" ;;
    esac
done
[ -n "$missing" ] || exit 0

if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null 2>&1; then
    echo "missing Debian packages:$missing; install them with: sudo apt-get install --no-install-recommends$missing" >&2
    exit 1
fi
echo "installing Debian packages:$missing ..." >&2
export DEBIAN_FRONTEND=noninteractive
log=$(mktemp)
trap 'rm -f "$log"' EXIT
# shellcheck disable=SC2086  # the names are split on purpose
if ! { apt-get update && apt-get install -y --no-install-recommends $missing; } >"$log" 2>&1; then
    tail -n 20 "$log" >&2
    echo "apt-get could not install:$missing; see above" >&2
    exit 1
fi
