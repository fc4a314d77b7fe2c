"""`python -m bp_exchange serve | worker | migrate | check`: the service as a process of its own."""

from __future__ import annotations

from bp_exchange.settings import ExchangeSettings
from bp_kit.alone.command import main

if __name__ == "__main__":
    main("exchange", ExchangeSettings)
