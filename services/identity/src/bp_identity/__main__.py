"""`python -m bp_identity serve | worker | migrate | check`: the service as a process of its own."""

from __future__ import annotations

from bp_identity.settings import IdentitySettings
from bp_kit.alone.command import main

if __name__ == "__main__":
    main("identity", IdentitySettings)
