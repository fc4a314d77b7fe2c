"""`python -m bp_cooperation serve | worker | migrate | check`: the service as a process of its own."""

from __future__ import annotations

from bp_cooperation.settings import CooperationSettings
from bp_kit.alone.command import main

if __name__ == "__main__":
    main("cooperation", CooperationSettings)
