#!/bin/sh
# Make .venv if there is none, install a hash-locked list of packages into it, and then this project itself, editable.
# Usage: sh deploy/setup/venv.sh LOCK_FILE
set -eu
lock=$1
recent='import sys; sys.exit(sys.version_info < (3, 11))'

say() { echo "$*" >&2; }

# Prints the first Python that is 3.11 or later and passes a further check, given as a statement.
find_python() {
    for name in ${PYTHON_COMMAND:-python3.11 python3 python3.12 python3.13 python3.14}; do
        if "$name" -c "$recent" >/dev/null 2>&1 && "$name" -c "$1" >/dev/null 2>&1; then
            echo "$name"
            return 0
        fi
    done
    return 1
}

# Debian ships Python without ensurepip, which `python -m venv` needs: it lies in the package python3-venv.
make_venv() {
    if ! find_python pass >/dev/null; then
        say "no Python 3.11 or later on PATH; install one, or name it: make PYTHON_COMMAND=/path/to/python3.11 ..."
        exit 1
    fi
    if ! find_python 'import ensurepip, venv' >/dev/null; then
        sh deploy/setup/packages.sh --force python3-venv
    fi
    if ! python=$(find_python 'import ensurepip, venv'); then
        say "$(find_python pass) cannot make a virtual environment; install its venv module (Debian: python3-venv)"
        exit 1
    fi
    rm -rf .venv
    "$python" -m venv .venv
}

if ! .venv/bin/python -c "$recent" 2>/dev/null; then
    make_venv
fi
.venv/bin/python -m pip --version >/dev/null 2>&1 || .venv/bin/python -m ensurepip >/dev/null

say "installing $(grep -c '==' "$lock") packages into .venv, about 20 seconds ..."
# The lock names every package, so pip need not resolve; and only modules that are used get compiled, when they are.
pip() { .venv/bin/python -m pip install -qq --disable-pip-version-check --no-input --no-compile --no-deps "$@"; }
pip --require-hashes -r "$lock"
pip --no-build-isolation --editable .
