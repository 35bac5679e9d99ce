#!/usr/bin/env bash
# Makes .venv with Python 3.10 and installs the given lock files into it.
#
#   scripts/environment.sh requirements.txt [requirements-dev.txt]
#
# Each lock leaves a stamp with its hash in .venv, so that the next call is over at once.
set -euo pipefail
cd "$(dirname "$0")/.."
venv=.venv
python=$venv/bin/python

say() { echo "setup    | $*"; }

hash_of() { "$python" -c 'import hashlib,sys; print(hashlib.sha256(open(sys.argv[1],"rb").read()).hexdigest())' "$1"; }

is_3_10() { "$@" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 10))' >/dev/null 2>&1; }

fresh() { # every lock is installed as it is now
    local lock
    for lock in "$@"; do
        [ "$(cat "$venv/.$lock.sha256" 2>/dev/null)" = "$(hash_of "$lock")" ] || return 1
    done
}

make_venv() {
    # A shim named python3.10 may exist without a Python behind it: only running it tells.
    if is_3_10 python3.10; then
        say "making $venv with $(command -v python3.10)"
        python3.10 -m venv --clear "$venv" && return
        say "python3.10 can not make a virtual environment (on Debian: apt-get install python3.10-venv)"
    fi
    if command -v uv >/dev/null 2>&1; then
        say "making $venv with uv"
        uv venv --clear --seed --python 3.10 "$venv" && return
    fi
    cat >&2 <<'END'
error: Python 3.10 was not found (later versions do not work: Rasa needs 3.10 or older).
  Get it in one of these ways, then run make again:
    Debian, Ubuntu   apt-get install python3.10 python3.10-venv   (where the release has it)
    macOS            brew install python@3.10
    any system       install uv from https://docs.astral.sh/uv/, which fetches Python 3.10 itself
    any system       pyenv install 3.10
END
    exit 1
}

main() {
    if is_3_10 "$python" && fresh "$@"; then
        return
    fi
    if command -v flock >/dev/null 2>&1; then # two makes at once: the second one waits
        mkdir -p .cache
        exec 9>.cache/environment.lock
        flock 9
        if is_3_10 "$python" && fresh "$@"; then
            return
        fi
    fi
    is_3_10 "$python" && "$python" -m pip --version >/dev/null 2>&1 || make_venv
    local lock
    for lock in "$@"; do
        if [ "$(cat "$venv/.$lock.sha256" 2>/dev/null)" = "$(hash_of "$lock")" ]; then
            continue
        fi
        say "installing $lock (the first time downloads about 1 GB)"
        "$python" -m pip install --require-hashes --disable-pip-version-check --no-input \
            --progress-bar off -r "$lock" | awk '
                /^Collecting/ { n++; printf "setup    | %d %s\n", n, $2; fflush() }
                /^(Installing|Successfully)/ { print "setup    | " substr($0, 1, 60) " ..."; fflush() }
                /ERROR|error/ { print "setup    | " $0; fflush() }'
        hash_of "$lock" >"$venv/.$lock.sha256"
    done
}

main "$@"
