"""What people bring to the day: a STIX 2.1 bundle, a scan of papers, a SCORM 1.2 package. Everything and everybody in it is invented."""

from __future__ import annotations

import io
import json
import os
import uuid
import zipfile
from collections.abc import Iterator
from typing import Any

MIB = 1024 * 1024
_TIME = "2026-03-02T04:05:06.000Z"
_PIECE_BYTES = 256 * 1024


def vessel_bundle() -> bytes:
    """Returns a bundle: a vessel as infrastructure, the port it was seen in, its owner, and how they hang together."""
    vessel = _entity(
        "infrastructure", name="FV Moana Star", infrastructure_types=["other"], description="Longliner, white hull"
    )
    port = _entity("location", name="Suva harbour", latitude=-18.1333, longitude=178.4249, country="FJ")
    owner = _entity(
        "identity", name="Moana Star Fishing Ltd", identity_class="organization", sectors=["transportation"]
    )
    objects = [vessel, port, owner, _relationship("located-at", vessel, port), _relationship("owns", owner, vessel)]
    return _bundle(objects)


def sighting_entity() -> dict[str, Any]:
    """Returns an entity of the answer: the same vessel's anchorage."""
    return _entity("location", name="Nuku'alofa anchorage", latitude=-21.1333, longitude=-175.2, country="TO")


def sighting_bundle() -> bytes:
    """Returns a bundle with the entity of the answer alone."""
    return _bundle([sighting_entity()])


def scan(size: int = 3 * MIB) -> bytes:
    """Returns a file that no compression makes smaller, as scans are."""
    return os.urandom(size)


def pieces(content: bytes) -> Iterator[bytes]:
    """Yields a file's bytes as an upload sends them."""
    for start in range(0, len(content), _PIECE_BYTES):
        yield content[start : start + _PIECE_BYTES]


def scorm_package(title: str, *, lesson: str = "papers", mastery: int = 80) -> bytes:
    """Returns a SCORM 1.2 package with one lesson that talks to its run-time environment, as authoring tools write them.

    Args:
        title: Of course and lesson.
        lesson: The item's identifier.
        mastery: The score that passes it.
    """
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as package:
        package.writestr("imsmanifest.xml", _MANIFEST.format(title=title, lesson=lesson, mastery=mastery))
        package.writestr("lesson/index.html", _LESSON.format(title=title))
        package.writestr("lesson/scorm.js", _SCRIPT)
    return file.getvalue()


def _entity(kind: str, **values: Any) -> dict[str, Any]:
    return {
        "type": kind,
        "spec_version": "2.1",
        "id": f"{kind}--{uuid.uuid4()}",
        "created": _TIME,
        "modified": _TIME,
        **values,
    }


def _relationship(kind: str, source: dict[str, Any], target: dict[str, Any]) -> dict[str, Any]:
    return _entity("relationship", relationship_type=kind, source_ref=source["id"], target_ref=target["id"])


def _bundle(objects: list[dict[str, Any]]) -> bytes:
    bundle = {"type": "bundle", "id": f"bundle--{uuid.uuid4()}", "objects": objects}
    return json.dumps(bundle, ensure_ascii=False).encode()


_MANIFEST = """<?xml version="1.0" encoding="UTF-8"?>
<manifest identifier="bluepacific.vessel-identity" version="1.0"
    xmlns="http://www.imsproject.org/xsd/imscp_rootv1p1p2" xmlns:adlcp="http://www.adlnet.org/xsd/adlcp_rootv1p2">
  <metadata><schema>ADL SCORM</schema><schemaversion>1.2</schemaversion></metadata>
  <organizations default="course">
    <organization identifier="course">
      <title>{title}</title>
      <item identifier="{lesson}" identifierref="{lesson}-resource" isvisible="true">
        <title>{title}</title>
        <adlcp:masteryscore>{mastery}</adlcp:masteryscore>
      </item>
    </organization>
  </organizations>
  <resources>
    <resource identifier="{lesson}-resource" type="webcontent" adlcp:scormtype="sco" href="lesson/index.html">
      <file href="lesson/index.html"/>
      <file href="lesson/scorm.js"/>
    </resource>
  </resources>
</manifest>
"""
_LESSON = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title><script src="scorm.js"></script></head>
<body onload="begin()"><h1>{title}</h1>
<p>Which number stays with a vessel for life, whoever owns it and whatever flag it flies?</p>
<button onclick="finish(0)">Its call sign</button> <button onclick="finish(100)">Its IMO number</button>
</body></html>
"""
_SCRIPT = """var api = null;
function begin() {
  for (var w = window; w && !api; w = w.parent === w ? null : w.parent) { api = w.API || null; }
  if (api) { api.LMSInitialize(""); api.LMSSetValue("cmi.core.lesson_status", "incomplete"); }
}
function finish(score) {
  if (!api) { return; }
  api.LMSSetValue("cmi.core.score.raw", String(score));
  api.LMSSetValue("cmi.core.lesson_status", score >= 80 ? "passed" : "failed");
  api.LMSCommit(""); api.LMSFinish("");
}
"""
