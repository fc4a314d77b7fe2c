"""Asking other countries for their courses and keys, and answering them: for nodes that were not there when things were sent."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from bp_kit.names import country_of
from bp_training.domain.verification import TrustedKey
from bp_training.usecases.courses import EVERYBODY
from bp_training.usecases.credentials import own_key
from bp_training.usecases.work import Work


async def ask_for_library(work: Work, country: str) -> None:
    """Asks every country for what is not here."""
    courses = {course.name: course.revision for course in await work.courses.published()}
    await work.outlet.library_requested(country, courses, await work.trusted_keys.all())


async def answer_library(
    work: Work, country: str, asker: str, *, courses: Mapping[str, int], issuers: Collection[str]
) -> None:
    """Sends an asker the own country's courses and key that it does not have.

    Args:
        work: The transaction's parts.
        country: The own country's code.
        asker: `countries/TON`.
        courses: What the asker has: name -> revision.
        issuers: Whose keys it has.
    """
    for course in await work.courses.published():
        if country_of(course.name) != country or courses.get(course.name, 0) >= course.revision:
            continue
        package = await work.packages.find(course.package)
        if package:
            await work.outlet.course_published(course, package, [asker])
    key = own_key(work, country)
    if key.issuer not in issuers:
        await work.outlet.key_announced(key, [asker])


async def announce_key(work: Work, country: str) -> None:
    """Keeps the own country's key where it is listed, and tells every country when it is new."""
    key = own_key(work, country)
    if key.issuer not in await work.trusted_keys.all():
        await work.trusted_keys.save(key)
        await work.outlet.key_announced(key, [EVERYBODY])


async def keep_key(work: Work, key: TrustedKey) -> None:
    """Keeps another country's key. Earlier ones stay: what they signed stays genuine."""
    await work.trusted_keys.save(key)
