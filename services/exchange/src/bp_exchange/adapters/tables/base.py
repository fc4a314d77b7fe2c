"""What all tables of the exchange share."""

from __future__ import annotations

from sqlalchemy.orm import DeclarativeBase

from bp_kit.tables import service_metadata


class Base(DeclarativeBase):
    """Every table of this service."""

    metadata = service_metadata()
