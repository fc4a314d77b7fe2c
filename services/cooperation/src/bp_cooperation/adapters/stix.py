"""Reads STIX 2.1 bundles: `stix2` knows what each type's objects must be like; custom ones may be as they please."""

from __future__ import annotations

import asyncio
from collections.abc import Collection

from bp_cooperation.domain.bundle import Properties, check_references, parse_bundle


class StixBundles:
    """Checks bundles and takes them apart, outside of the event loop: a large one takes a second."""

    async def read(self, text: str, *, field: str, known: Collection[str] | None) -> list[Properties]:
        """Returns a bundle's objects; none for an empty text.

        Args:
            text: JSON, or empty.
            field: The request's field that it came in.
            known: STIX ids that references may lead to besides the bundle's own; None: anywhere.

        Raises:
            Refused: One of the BUNDLE_ reasons, naming the place inside.
        """
        if not text:
            return []
        return await asyncio.to_thread(_read, text, field, known)


def _read(text: str, field: str, known: Collection[str] | None) -> list[Properties]:
    # From the first bundle on: stix2 takes 14 MiB.
    from bp_cooperation.adapters.stix_rules import check_object  # noqa: PLC0415

    objects = parse_bundle(text, field)
    for position, properties in enumerate(objects):
        check_object(properties, f"{field}.objects[{position}]")
    if known is not None:
        check_references(objects, field, known)
    return objects
