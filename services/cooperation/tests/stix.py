"""STIX 2.1 as people send it; everything in it is invented."""

import json
import uuid

TIME = "2026-03-02T04:05:06.000Z"


def entity(kind, **values):
    common = {"spec_version": "2.1", "created": TIME, "modified": TIME}
    return {"type": kind, "id": f"{kind}--{uuid.uuid4()}", **common, **values}


def vessel(name="FV Moana Star", **values):
    return entity("infrastructure", name=name, infrastructure_types=["other"], **values)


def place(name="Nuku'alofa anchorage", **values):
    return entity("location", name=name, country="TO", **values)


def relation(source, target, kind="located-at"):
    return entity("relationship", relationship_type=kind, source_ref=source["id"], target_ref=target["id"])


def bundle(*objects, **values):
    return json.dumps(
        {"type": "bundle", "id": f"bundle--{uuid.uuid4()}", "objects": list(objects), **values}, ensure_ascii=False
    )
