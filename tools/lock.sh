#!/bin/sh
# Resolves the workspace into requirements.lock: versions and hashes, no download addresses. Locked versions stay unless `--upgrade`.
set -eu
cd "$(dirname "$0")/.."
set -- "$@" pyproject.toml
for member in libs/* services/*; do
    set -- "$@" "$member/pyproject.toml" --no-emit-package "bluepacific-${member#*/}"
done
.tools/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate --no-header \
    --group pyproject.toml:dev --group pyproject.toml:bench "$@" --output-file requirements.lock
