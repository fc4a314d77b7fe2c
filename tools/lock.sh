#!/bin/sh
# Resolves the workspace into requirements.lock: versions and hashes, no download addresses. Locked versions stay unless `--upgrade`.
# tools/image.lock is the part of it that ships in the container image; tools/image-build.lock is what builds the image.
set -eu
cd "$(dirname "$0")/.."
set -- "$@" pyproject.toml
for member in libs/* services/*; do
    set -- "$@" "$member/pyproject.toml" --no-emit-package "bluepacific-${member#*/}"
done
.tools/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate --no-header \
    --group pyproject.toml:dev --group pyproject.toml:bench "$@" --output-file requirements.lock
lock_for_image() { # output, then what to resolve
    output=$1
    shift
    .tools/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate --no-header \
        --constraint requirements.lock "$@" --output-file "$output"
}
set --
for member in libs/* services/*; do
    set -- "$@" "$member/pyproject.toml" --no-emit-package "bluepacific-${member#*/}"
done
lock_for_image tools/image.lock "$@"
printf 'uv-build\ncyclonedx-bom==7.5.0\n' | lock_for_image tools/image-build.lock -
printf 'helm-python-sdk==0.2.2\nkubernetes-validate==1.37.0\npyyaml\n' | .tools/bin/uv pip compile --quiet --universal \
    --python-version 3.11 --generate-hashes --no-annotate --no-header - --output-file tools/charts.lock
