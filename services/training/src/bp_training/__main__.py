"""`python -m bp_training serve | worker | migrate | check`: the service as a process of its own."""

from __future__ import annotations

from bp_kit.alone.command import main
from bp_training.settings import TrainingSettings

if __name__ == "__main__":
    main("training", TrainingSettings)
