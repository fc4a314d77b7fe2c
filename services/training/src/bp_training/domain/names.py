"""Resource names: taken apart and put together in one place."""

from __future__ import annotations

from bp_kit.errors import Refused


def country_of(name: str) -> str:
    """Returns the country code in a name: `TON` of `countries/TON/enrolments/…`."""
    return name.split("/")[1]


def course_name(country: str, course_id: str) -> str:
    """Returns a course's name."""
    return f"countries/{country}/courses/{course_id}"


def course_of(package: str) -> str:
    """Returns the course that a package's name is under."""
    return package.rpartition("/packages/")[0]


def digest_of(package: str) -> str:
    """Returns the SHA-256 that ends a package's name."""
    return package.rpartition("/")[2]


def report_name(country: str, course: str) -> str:
    """Returns the name of a country's participation report about a course, which may be another country's."""
    _, owner, _, course_id = course.split("/")
    return f"countries/{country}/participationReports/{owner.lower()}-{course_id}"


def require_author(author: str, name: str) -> None:
    """Refuses what another country says about a country's own record.

    Raises:
        Refused: PERMISSION_DENIED.
    """
    if country_of(author) != country_of(name):
        raise Refused("PERMISSION_DENIED")
