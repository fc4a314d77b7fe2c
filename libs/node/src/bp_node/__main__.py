"""`python -m bp_node` is the `bluepacific` command."""

from __future__ import annotations

from bp_node.cli import main

if __name__ == "__main__":
    main()
