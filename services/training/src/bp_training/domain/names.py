"""Resource names: taken apart and put together in one place."""

from __future__ import annotations


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
