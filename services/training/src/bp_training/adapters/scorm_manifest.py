"""SCORM 1.2 manifests: `imsmanifest.xml` as lessons. See the SCORM 1.2 Content Aggregation Model, 2.3."""

from __future__ import annotations

import posixpath
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit
from xml.etree.ElementTree import Element, ParseError

import defusedxml.ElementTree
from defusedxml.common import DefusedXmlException

from bp_kit.errors import Refused
from bp_training.domain.package import Lesson, shown

_CP = "{http://www.imsproject.org/xsd/imscp_rootv1p1p2}"
_ADL = "{http://www.adlnet.org/xsd/adlcp_rootv1p2}"
_BASE = "{http://www.w3.org/XML/1998/namespace}base"
_MAX_DEPTH = 20
_MAX_LESSONS = 500
_MAX_TEXT = 200
_MAX_SCORE = 100.0


@dataclass(frozen=True)
class Manifest:
    """What a manifest says: the organisation's title, and its lessons in order."""

    title: str
    lessons: tuple[Lesson, ...]


def read_manifest(xml: bytes, files: Collection[str]) -> Manifest:
    """Reads a manifest and checks that all it refers to is there.

    Args:
        xml: `imsmanifest.xml`.
        files: Paths of the package's files.

    Raises:
        Refused: PACKAGE_MANIFEST_UNSAFE, PACKAGE_MANIFEST_UNREADABLE, PACKAGE_NOT_SCORM_12, PACKAGE_FILE_MISSING,
            PACKAGE_HAS_NO_LESSON.
    """
    root = _parse(xml)
    _check_version(root)
    resources = _resources(root, files)
    organization = _organization(root)
    lessons = tuple(_lessons(organization, resources, 0))
    if not lessons:
        raise Refused("PACKAGE_HAS_NO_LESSON")
    if len(lessons) > _MAX_LESSONS:
        raise _unreadable(f"more than {_MAX_LESSONS} lessons")
    if len({lesson.lesson_id for lesson in lessons}) != len(lessons):
        raise _unreadable("two items have the same identifier")
    return Manifest(_text(organization.find(f"{_CP}title")), lessons)


def _parse(xml: bytes) -> Element:
    try:
        root: Element = defusedxml.ElementTree.fromstring(xml, forbid_dtd=True)
    except DefusedXmlException:
        raise Refused("PACKAGE_MANIFEST_UNSAFE") from None
    except (ParseError, ValueError, LookupError):
        raise _unreadable("it is not well-formed XML") from None
    return root


def _check_version(root: Element) -> None:
    if root.tag != f"{_CP}manifest":
        raise _not_scorm("the root is not a manifest of IMS Content Packaging 1.1.2")
    schema = _text(root.find(f"{_CP}metadata/{_CP}schema"))
    version = _text(root.find(f"{_CP}metadata/{_CP}schemaversion"))
    if schema != "ADL SCORM" or version != "1.2":
        raise _not_scorm(f"schema {schema!r}, version {version!r}")


def _resources(root: Element, files: Collection[str]) -> dict[str, tuple[Element, str]]:
    """Returns each resource with the launch file it has, by identifier; all files named must be there."""
    container = root.find(f"{_CP}resources")
    if container is None:
        raise _unreadable("resources are missing")
    found: dict[str, tuple[Element, str]] = {}
    for resource in container.findall(f"{_CP}resource"):
        base = posixpath.join(*(element.get(_BASE, "") for element in (root, container, resource)))
        for file in resource.findall(f"{_CP}file"):
            _require_file(base, file.get("href", ""), files)
        href = resource.get("href", "")
        found[resource.get("identifier", "")] = (resource, _require_file(base, href, files) if href else "")
    for resource, _ in found.values():
        for dependency in resource.findall(f"{_CP}dependency"):
            _require_known(dependency.get("identifierref", ""), found)
    return found


def _require_file(base: str, href: str, files: Collection[str]) -> str:
    """Returns the href from the package's root, query kept."""
    try:
        parts = urlsplit(href)
    except ValueError:
        raise Refused("PACKAGE_FILE_MISSING", path=shown(href)) from None
    path = posixpath.normpath(posixpath.join(base, unquote(parts.path)))
    if parts.scheme or parts.netloc or path not in files:
        raise Refused("PACKAGE_FILE_MISSING", path=shown(href))
    return f"{path}?{parts.query}" if parts.query else path


def _require_known(identifier: str, resources: Collection[str]) -> None:
    if identifier not in resources:
        raise Refused("PACKAGE_FILE_MISSING", path=shown(identifier))


def _organization(root: Element) -> Element:
    organizations = root.find(f"{_CP}organizations")
    listed = organizations.findall(f"{_CP}organization") if organizations is not None else []
    if organizations is None or not listed:
        raise Refused("PACKAGE_HAS_NO_LESSON")
    default = organizations.get("default")
    if default is None:
        return listed[0]
    for organization in listed:
        if organization.get("identifier") == default:
            return organization
    raise Refused("PACKAGE_FILE_MISSING", path=shown(default))


def _lessons(parent: Element, resources: dict[str, tuple[Element, str]], depth: int) -> Iterator[Lesson]:
    if depth > _MAX_DEPTH:
        raise _unreadable(f"items are more than {_MAX_DEPTH} deep")
    for item in parent.findall(f"{_CP}item"):
        reference = item.get("identifierref", "")
        if reference:
            _require_known(reference, resources)
            resource, href = resources[reference]
            if resource.get(f"{_ADL}scormtype", "").lower() == "sco":
                yield _lesson(item, href)
        yield from _lessons(item, resources, depth + 1)


def _lesson(item: Element, href: str) -> Lesson:
    identifier = item.get("identifier", "")
    if not identifier or len(identifier) > _MAX_TEXT:
        raise _unreadable("an item has no identifier, or one that is too long")
    if not href:
        raise Refused("PACKAGE_FILE_MISSING", path=shown(identifier))
    parameters = item.get("parameters", "").lstrip("?&")
    if parameters:
        href = f"{href}{'&' if '?' in href else '?'}{parameters}"
    return Lesson(
        lesson_id=identifier,
        title=_text(item.find(f"{_CP}title")) or identifier,
        href=href,
        mastery_score=_score(_text(item.find(f"{_ADL}masteryscore"))),
    )


def _score(text: str) -> float | None:
    if not text:
        return None
    try:
        score = float(text)
    except ValueError:
        raise _unreadable("a mastery score is not a number") from None
    # Written so that not-a-number is refused, too.
    if not 0 <= score <= _MAX_SCORE:
        raise _unreadable("a mastery score is not between 0 and 100")
    return score


def _text(element: Element | None) -> str:
    return " ".join("".join(element.itertext()).split())[:_MAX_TEXT] if element is not None else ""


def _unreadable(description: str) -> Refused:
    return Refused("PACKAGE_MANIFEST_UNREADABLE", description=description)


def _not_scorm(description: str) -> Refused:
    return Refused("PACKAGE_NOT_SCORM_12", description=description)
