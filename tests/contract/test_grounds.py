"""Grounds that one service gives and another understands."""

from __future__ import annotations

from bp_cooperation.domain.ladder import MENDABLE
from bp_exchange.protocol.refusal import Ground


def test_cooperation_knows_which_refusals_were_concluded_on_the_way():
    assert {str(ground) for ground in Ground} <= MENDABLE
