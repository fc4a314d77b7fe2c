"""`python -m bp_catalogue serve | worker | migrate | check`: the service as a process of its own."""

from __future__ import annotations

from bp_catalogue.settings import CatalogueSettings
from bp_kit.alone.command import main

if __name__ == "__main__":
    main("catalogue", CatalogueSettings)
