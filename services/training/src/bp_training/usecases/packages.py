"""Taking in packages and finding them."""

from __future__ import annotations

from collections.abc import AsyncIterable

from bp_kit.call import Principal
from bp_kit.errors import Refused
from bp_kit.listing import Listed, Listing
from bp_kit.names import country_of
from bp_training.domain.names import course_of
from bp_training.domain.package import Package
from bp_training.usecases.courses import get_course
from bp_training.usecases.work import Intake, Work


async def receive_package(intake: Intake, principal: Principal, course: str, chunks: AsyncIterable[bytes]) -> Package:
    """Takes in a package of the caller's own country's course; the same file again is the same package.

    Raises:
        Refused: PERMISSION_DENIED, NOT_FOUND, BODY_TOO_LARGE, one of the PACKAGE_ reasons; then nothing is kept.
    """
    if country_of(course) != principal.country:
        raise Refused("PERMISSION_DENIED")
    async with intake.transactions() as work:
        await get_course(work, principal, course)
    content = await intake.files.take(chunks)
    async with intake.transactions() as work:
        await get_course(work, principal, course)
        name = f"{course}/packages/{content.digest}"
        known = await work.packages.find(name)
        if known:
            return known
        package = Package(name, content, work.clock())
        await work.packages.save(package)
        return package


async def get_package(work: Work, principal: Principal, name: str) -> Package:
    """Returns a package of a course the caller can see.

    Raises:
        Refused: NOT_FOUND.
    """
    package = await work.packages.find(name)
    course = await work.courses.find(course_of(name))
    if package is None or course is None:
        raise Refused("NOT_FOUND", name=name)
    await get_course(work, principal, course.name)
    return package


async def list_packages(work: Work, principal: Principal, listing: Listing) -> Listed[Package]:
    """Returns a page of the packages of a course the caller can see.

    Raises:
        Refused: NOT_FOUND, INVALID_PAGE_TOKEN, INVALID_FIELD.
    """
    await get_course(work, principal, listing.parent)
    return await work.packages.page(listing)
