#!/bin/sh
# Resolves the workspace once and writes requirements.lock: versions and hashes, no download addresses.
set -eu
cd "$(dirname "$0")/.."
.tools/bin/uv lock --quiet "$@"
.tools/bin/uv export --quiet --frozen --all-packages --all-groups --no-emit-workspace --no-emit-project --no-annotate --no-header \
    --format requirements-txt --output-file requirements.lock
