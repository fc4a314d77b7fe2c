"""Processes that end with the test that started them."""

from __future__ import annotations

import ctypes
import signal

_PR_SET_PDEATHSIG = 1


def end_with_parent() -> None:
    """Has Linux kill this process when its parent is killed, which then cannot.

    The parent could ask for it between fork and exec, but whatever runs there runs beside gRPC's threads, and at times it dies of that.
    """
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
