"""What the image's Python is compiled to: the same program, without docstrings."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

SOURCE = '''"""Module."""
from __future__ import annotations
from dataclasses import dataclass

@dataclass
class Row:
    """Class."""
    width: int

class Empty:
    """Nothing else."""

def area(row: Row) -> int:
    """Function."""
    assert row.width > 0, "narrow"
    return row.width ** 2

async def later() -> None:
    """Nothing else."""
'''
ASKED = """
import rows
print([rows.__doc__, rows.Row.__doc__, rows.Empty.__doc__, rows.area.__doc__, rows.later.__doc__])
print(rows.area(rows.Row(3)), rows.area.__code__.co_firstlineno)
try:
    rows.area(rows.Row(0))
except AssertionError as error:
    print(error)
"""


def test_compiled_ahead_it_does_the_same_without_docstrings(tmp_path: Path) -> None:
    folder = tmp_path / "opt"
    folder.mkdir()
    (folder / "rows.py").write_text(SOURCE)
    (folder / "broken.py").write_text("print 'no Python'")
    tool = Path(__file__).parents[2] / "tools/image_compile.py"
    made = [
        subprocess.run(
            [sys.executable, "-I", tool, tmp_path, folder], check=True, capture_output=True, text=True
        ).stderr
        and next((folder / "__pycache__").glob("rows.*.pyc")).read_bytes()
        for _ in range(2)
    ]
    assert made[0] == made[1]
    # Never compared with the source again, which a read-only root would compile at each start.
    (folder / "rows.py").write_text("raise SystemExit('compiled anew')")
    said = subprocess.run([sys.executable, "-c", ASKED], cwd=folder, check=True, capture_output=True, text=True)
    assert said.stdout.splitlines() == ["[None, ' ', None, None, None]", "9 13", "narrow"]
