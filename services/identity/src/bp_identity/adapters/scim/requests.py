"""What SCIM requests say, read by scim2-models; what breaks SCIM's rules is refused by SCIM's own words for it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TypeVar
from urllib.parse import parse_qsl

from pydantic import ValidationError
from scim2_models import Context, Error, PatchOp, Resource, ResponseParameters, SCIMException, SearchRequest

from bp_identity.adapters.provisioned import Window
from bp_identity.adapters.scim.resources import MOST_RESULTS, POLICY
from bp_kit.errors import Refused

Model = TypeVar("Model", bound=Resource[Any])
_PARAMETERS = 20
_LONGEST_DETAIL = 300
_FURTHEST = 10**6
_USUAL_RESULTS = 100
_SEARCH = frozenset({"filter", "startIndex", "count", "attributes", "excludedAttributes"})


@contextmanager
def scim_rules() -> Iterator[None]:
    """Refuses what SCIM's rules refuse within the block.

    Raises:
        Refused: SCIM_REFUSED.
    """
    try:
        yield
    except ValidationError as errors:
        raise refusal(Error.from_validation_errors(errors)[0]) from None
    except SCIMException as error:
        raise refusal(error.to_error()) from None
    except RecursionError:
        raise Refused("SCIM_REFUSED", scim_type="invalidSyntax", description="is too deep") from None


def refusal(error: Error) -> Refused:
    """Returns the refusal that tells of a SCIM error."""
    detail = "".join(letter for letter in error.detail or "" if letter.isprintable())[:_LONGEST_DETAIL]
    return Refused("SCIM_REFUSED", scim_type=error.scim_type or "invalidSyntax", description=detail)


def read_json(body: bytes) -> dict[str, Any]:
    """Returns a body's object.

    Raises:
        Refused: SCIM_REFUSED.
    """
    try:
        content = json.loads(body)
    except (ValueError, RecursionError):
        content = None
    if not isinstance(content, dict):
        raise Refused("SCIM_REFUSED", scim_type="invalidSyntax", description="The body is no JSON object.")
    return content


def read_resource(model: type[Model], content: dict[str, Any], context: Context) -> Model:
    """Returns the resource that a `POST` or `PUT` brings.

    Raises:
        Refused: SCIM_REFUSED.
    """
    with scim_rules():
        return model.model_validate(content, scim_ctx=context, scim_policy=POLICY)


def patched(model: type[Model], body: bytes, resource: Model) -> Model:
    """Returns a resource as a `PATCH` makes it.

    Raises:
        Refused: SCIM_REFUSED.
    """
    content = read_json(body)
    with scim_rules():
        kind: Any = PatchOp.__class_getitem__(model)
        operations = kind.model_validate(content, scim_ctx=Context.RESOURCE_PATCH_REQUEST, scim_policy=POLICY)
        operations.patch(resource, scim_policy=POLICY)
    return resource


def read_search(query: str) -> SearchRequest[Any]:
    """Returns what a query asks for.

    Raises:
        Refused: SCIM_REFUSED.
    """
    try:
        pairs = parse_qsl(query, keep_blank_values=True, max_num_fields=_PARAMETERS)
    except ValueError:
        raise Refused("SCIM_REFUSED", scim_type="invalidSyntax", description="has too many parameters") from None
    with scim_rules():
        return SearchRequest.model_validate({name: value for name, value in pairs if name in _SEARCH and value})


def window_of(search: SearchRequest[Any]) -> Window:
    """Returns which of what it finds a search wants."""
    count = _USUAL_RESULTS if search.count is None else search.count
    return Window(min((search.start_index or 1) - 1, _FURTHEST), min(count, MOST_RESULTS))


def shown_of(search: SearchRequest[Any]) -> ResponseParameters[Any]:
    """Returns which attributes a search wants to see."""
    return ResponseParameters(attributes=search.attributes, excluded_attributes=search.excluded_attributes)
