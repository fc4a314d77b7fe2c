"""The guides' snippets, as they stand in docs/guides: what readers copy is what the tests run."""

from __future__ import annotations

import re
from pathlib import Path

GUIDES = Path(__file__).parents[2] / "docs" / "guides"


def snippets(guide: str, language: str) -> list[str]:
    """Returns a guide's blocks of one language, in order."""
    text = (GUIDES / guide).read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```$", text, flags=re.MULTILINE | re.DOTALL)
