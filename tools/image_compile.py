"""Compiles the image's Python ahead: `python image_compile.py ROOT FOLDER...`, for folders that will stand at / as they stand in ROOT.

By hash that is never looked at, so that every build gives the same bytes and nothing is compiled on a root that cannot be written to. Left
out is what takes memory in each process and is read by nobody there: docstrings (but those of the command, which are its help), and, with
PYTHONNODEBUGRANGES=1, columns of positions; lines stay. In one process and in order: what `marshal` writes depends on what came before.
"""

from __future__ import annotations

import ast
import importlib.util
import marshal
import sys
from pathlib import Path

_UNCHECKED_HASH = 1
_HELPS = {"bp_node"}
_Documented = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


def main(root: Path, folders: list[Path]) -> None:
    """Compiles what is below the folders; a file that is no Python of this version stays as it is."""
    for file in sorted(file for folder in folders for file in folder.rglob("*.py")):
        try:
            compile_ahead(file, str(Path("/") / file.relative_to(root)))
        except SyntaxError:
            sys.stderr.write(f"not compiled: {file}\n")


def compile_ahead(file: Path, name: str) -> None:
    """Writes the file's code beside it, where Python looks first.

    Args:
        file: The source.
        name: What tracebacks call it.

    Raises:
        SyntaxError: It is no Python of this version.
    """
    source = file.read_bytes()
    tree = ast.parse(source, name)
    if not _HELPS & set(file.parts):
        _strip(tree)
    code = compile(tree, name, "exec", dont_inherit=True)
    target = Path(importlib.util.cache_from_source(str(file)))
    target.parent.mkdir(exist_ok=True)
    head = importlib.util.MAGIC_NUMBER + _UNCHECKED_HASH.to_bytes(4, "little") + importlib.util.source_hash(source)
    target.write_bytes(head + marshal.dumps(code))


def _strip(tree: ast.Module) -> None:
    for node in ast.walk(tree):
        if not isinstance(node, _Documented) or ast.get_docstring(node, clean=False) is None:
            continue
        if isinstance(node, ast.ClassDef) and node.decorator_list:
            # A dataclass without one would write itself one, at each start.
            node.body[0] = ast.copy_location(ast.Expr(ast.copy_location(ast.Constant(" "), node.body[0])), node.body[0])
        elif len(node.body) > 1 or isinstance(node, ast.Module):
            del node.body[0]
        else:
            node.body[0] = ast.copy_location(ast.Pass(), node.body[0])


if __name__ == "__main__":
    main(Path(sys.argv[1]), [Path(one) for one in sys.argv[2:]])
