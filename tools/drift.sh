#!/bin/sh
# Fails when what is generated is not what protos/ say.
set -eu
cd "$(dirname "$0")/.."
fresh=$(mktemp -d)
trap 'rm -rf "$fresh"' EXIT
sh tools/generate.sh "$fresh"
if ! diff -r --exclude=__pycache__ "$fresh/bluepacific" libs/protos/src/bluepacific || ! diff -r --exclude=__pycache__ "$fresh/buf" libs/protos/src/buf; then
    echo "drift: libs/protos is not what protos/ say; run 'make generate' and commit" >&2
    exit 1
fi
.venv/bin/python tools/write_errors.py --check
