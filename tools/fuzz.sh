#!/bin/sh
# Fuzzes what reads a peer's bytes: `tools/fuzz.sh SECONDS [MOUTH ...]`, so long for each. Atheris is fetched into .cache: nothing that ships needs it.
set -eu
cd "$(dirname "$0")/.."
seconds=$1
shift
atheris=.cache/atheris
[ -d "$atheris/atheris" ] || .tools/bin/uv pip install --quiet --python .venv/bin/python --no-deps --target "$atheris" atheris==3.0.0
[ $# -gt 0 ] || set -- frames item envelope header header_of_two keys compressed inside content medium
for mouth in "$@"; do
    echo "== $mouth"
    PYTHONPATH=$atheris .venv/bin/python services/exchange/tests/fuzz/run.py "$mouth" "$seconds" .cache/fuzz 2>&1 |
        awk '/^#[0-9]+\t(INITED|DONE)|stat::|ERROR|Uncaught|Traceback|^[A-Za-z]*Error/ {print}' > ".cache/fuzz-$mouth.log"
    grep -E 'stat::(number_of_executed_units|average_exec_per_sec|peak_rss_mb)|ERROR|Error' ".cache/fuzz-$mouth.log" || true
    if ls .cache/fuzz/"$mouth"-* >/dev/null 2>&1; then
        echo "fuzz: $mouth broke; its bytes: $(ls .cache/fuzz/"$mouth"-*)" >&2
        exit 1
    fi
done
echo "fuzz: no crash, no hang, $seconds s each"
