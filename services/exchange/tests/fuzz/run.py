"""Fuzzes one mouth after the other with atheris, which is guided by the code that runs. `make fuzz SECONDS=60` runs it; it needs atheris.

python services/exchange/tests/fuzz/run.py MOUTH SECONDS FOLDER
"""

import sys
from pathlib import Path

import atheris

sys.path.insert(0, str(Path(__file__).parents[1]))
with atheris.instrument_imports(include=["bp_exchange", "bp_verify"]):
    import mouths

_HANG_SECONDS = 10
_MEMORY_MIB = 1024


def main():
    name, seconds, folder = sys.argv[1:4]
    mouth = getattr(mouths, name)
    corpus = Path(folder) / name
    corpus.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(_seeds(name)):
        (corpus / f"seed-{number}").write_bytes(seed)
    limits = [
        f"-max_total_time={seconds}",
        f"-timeout={_HANG_SECONDS}",
        f"-rss_limit_mb={_MEMORY_MIB}",
        "-max_len=8192",
    ]
    found = f"-artifact_prefix={folder}/{name}-"
    atheris.Setup([sys.argv[0], str(corpus), *limits, found, "-print_final_stats=1"], mouth)
    atheris.Fuzz()


def _seeds(name):
    society = mouths.SOCIETY
    return {
        "envelope": [society.opening(b"x")],
        "header": [society.header()],
        "header_of_two": [b""],
        "keys": [society.opening(b"x")],
    }.get(name, [b""])


main()
