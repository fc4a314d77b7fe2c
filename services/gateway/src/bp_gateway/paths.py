"""Path templates as OpenAPI writes them: `/v1/countries/{country}/requests/{request}:close`."""

from __future__ import annotations

from bp_gateway.templates import ONE, REST, Template


def parameter_names(template: Template) -> dict[int, str]:
    """Returns the name of each wildcard segment by its position: the collection before it, in the singular."""
    names: dict[int, str] = {}
    for position, segment in enumerate(template.segments):
        if segment in (ONE, REST):
            before = template.segments[position - 1] if position else "part"
            name = singular(before if before not in (ONE, REST) else "parts")
            names[position] = name if name not in names.values() else f"{name}{position}"
    return names


def singular(collection: str) -> str:
    """Returns one of a collection: `countries` to `country`."""
    if collection.endswith("ies"):
        return collection[:-3] + "y"
    if collection.endswith(("sses", "shes", "ches", "xes")):
        return collection[:-2]
    return collection.removesuffix("s")


def rest_path(template: Template) -> str:
    """Returns the path with named wildcards."""
    names = parameter_names(template)
    written = [f"{{{names[at]}}}" if at in names else segment for at, segment in enumerate(template.segments)]
    return "/" + "/".join(written) + (f":{template.verb}" if template.verb else "")
