"""The program as a process of its own."""

import json
import subprocess
import sys

import pytest
from made import ID


@pytest.fixture
def files(network, tmp_path):
    (tmp_path / "proof").write_bytes(network.file(network.proof()))
    (tmp_path / "root.json").write_bytes(network.roots[0])
    return tmp_path


def run(*arguments):
    command = [sys.executable, "-m", "bp_verify", *(str(argument) for argument in arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_it_says_what_is_proven(files):
    ran = run(files / "proof", "--root", files / "root.json")
    assert (ran.returncode, ran.stderr) == (0, "")
    assert ran.stdout.startswith(f"message {ID}, proof by node fji")
    assert ran.stdout.endswith("everything in this proof verifies\n")


def test_it_says_what_is_wrong_and_fails(files):
    raw = bytearray((files / "proof").read_bytes())
    raw[-1] ^= 1
    (files / "proof").write_bytes(raw)
    ran = run(files / "proof", "--root", files / "root.json")
    assert ran.returncode == 1
    assert "WRONG: file: it is not as fji exported it" in ran.stdout


@pytest.mark.parametrize("broken", [False, True])
def test_json_is_one_line_either_way(files, broken):
    if broken:
        (files / "proof").write_bytes(b"")
    ran = run(files / "proof", "--root", files / "root.json", "--json")
    assert ran.stdout.count("\n") == 1
    document = json.loads(ran.stdout)
    assert document["holds"] is not broken
    assert bool(document["faults"]) is broken


@pytest.mark.parametrize(
    ("proof", "root", "says"),
    [
        ("nothing", "root.json", "cannot read"),
        (".", "root.json", "cannot read"),
        ("proof", "nothing", "cannot read"),
        ("proof", "proof", "is not the root of a register"),
    ],
)
def test_what_cannot_be_read_is_told_in_one_line(files, proof, root, says):
    ran = run(files / proof, "--root", files / root)
    assert (ran.returncode, ran.stdout) == (2, "")
    assert ran.stderr.startswith("bluepacific-verify: ")
    assert ran.stderr.count("\n") == 1
    assert says in ran.stderr


def test_it_needs_nothing_of_the_platform(files):
    program = (
        "import sys\n"
        "from bp_verify.program import main\n"
        "try: main(sys.argv[1:])\n"
        "except SystemExit as left: code = left.code\n"
        "roots = {name.partition('.')[0] for name in sys.modules}\n"
        "sys.stderr.write(' '.join(roots & {'grpc', 'sqlalchemy', 'fastapi', 'pydantic', 'bp_kit', 'bp_exchange'}))\n"
        "sys.exit(code)\n"
    )
    command = [sys.executable, "-c", program, str(files / "proof"), "--root", str(files / "root.json")]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stderr) == (0, "")
