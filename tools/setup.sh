#!/bin/sh
# Makes .venv with the locked dependencies and the workspace's own packages. Run by `make`; needs Python 3.11 or newer.
set -eu
cd "$(dirname "$0")/.."
uv=.tools/bin/uv
uv_version=0.13.9
stamp=.venv/.bluepacific-stamp

want=$(cat requirements.lock pyproject.toml libs/*/pyproject.toml services/*/pyproject.toml | cksum)
[ -f "$stamp" ] && [ "$(cat "$stamp")" = "$want" ] && exit 0

if ! python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
    echo "setup: Python 3.11 or newer is needed as python3; found: $(python3 --version 2>&1)" >&2
    exit 1
fi
if [ ! -x "$uv" ] || [ "$($uv --version | cut -d' ' -f2)" != "$uv_version" ]; then
    echo "setup: fetching uv $uv_version"
    if python3 -m pip --version >/dev/null 2>&1; then
        python3 -m pip install --quiet --disable-pip-version-check --root-user-action=ignore --target .tools --upgrade "uv==$uv_version"
    elif python3 -c 'import ensurepip' 2>/dev/null; then
        python3 -m venv .tools && .tools/bin/pip install --quiet --disable-pip-version-check "uv==$uv_version"
    else
        echo "setup: python3 has neither pip nor venv; install them first: apt-get install python3-venv" >&2
        exit 1
    fi
fi
echo "setup: installing locked dependencies into .venv"
"$uv" venv --quiet --allow-existing --python python3 .venv
"$uv" pip sync --quiet --compile-bytecode --python .venv/bin/python --require-hashes requirements.lock
set -- ; for member in libs/*/ services/*/; do set -- "$@" -e "./${member%/}"; done
"$uv" pip install --quiet --python .venv/bin/python --no-deps --no-build-isolation "$@"
echo "$want" > "$stamp"
