"""SCIM filters as conditions on our tables (RFC 7644, 3.4.2.2); scim2-models reads them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from scim2_models import InvalidFilterException, ScimFilter
from scim2_models.path import Comparison, LogicalExpr, LogicalOperator, Not, Present, ValuePath
from scim2_models.path.visitor import FilterVisitor
from sqlalchemy import Boolean, ColumnElement, and_, exists, func, literal, not_, or_, true

from bp_identity.adapters.provisioned import USER_NAME, not_ended
from bp_identity.adapters.tables import GrantRow, OfficerRow, ProvisionedRow, UnitRow
from bp_identity.domain.names import officer_name, unit_name
from bp_identity.domain.officer import ACTIVE
from bp_kit.tables import UtcTime

_LONGEST = 1000
_DEEPEST = 20

Column = Any
_COMPARE: Mapping[str, Callable[[Column, Any], ColumnElement[bool]]] = {
    "eq": lambda column, value: column == value,
    "ne": lambda column, value: or_(column != value, column.is_(None)),
    "co": lambda column, value: column.contains(value, autoescape=True),
    "sw": lambda column, value: column.startswith(value, autoescape=True),
    "ew": lambda column, value: column.endswith(value, autoescape=True),
    "gt": lambda column, value: column > value,
    "ge": lambda column, value: column >= value,
    "lt": lambda column, value: column < value,
    "le": lambda column, value: column <= value,
}


def people_where(text: str) -> ColumnElement[bool]:
    """Returns the condition of a filter over users; true for an empty one.

    Raises:
        InvalidFilterException: It cannot be read, or is over what cannot be filtered.
    """
    email = OfficerRow.email
    columns = {
        "id": OfficerRow.officer_id,
        "externalid": ProvisionedRow.external_id,
        "username": func.lower(USER_NAME),
        "active": OfficerRow.state == ACTIVE,
        "name.givenname": func.lower(OfficerRow.given_name),
        "name.familyname": func.lower(OfficerRow.family_name),
        "emails": email,
        "emails.value": email,
        "emails.type": literal("work"),
        "preferredlanguage": OfficerRow.language,
        "meta.created": OfficerRow.create_time,
        "meta.lastmodified": OfficerRow.update_time,
    }
    return _condition(text, columns, {})


def groups_where(text: str, country: str, now: datetime) -> ColumnElement[bool]:
    """Returns the condition of a filter over groups; true for an empty one.

    Raises:
        InvalidFilterException: As `people_where`.
    """

    def has_member(officer: str) -> ColumnElement[bool]:
        held = exists().where(GrantRow.unit == UnitRow.name, GrantRow.officer == officer_name(country, officer))
        return held.where(not_ended(now))

    columns = {
        "id": func.substr(UnitRow.name, len(unit_name(country, "")) + 1),
        "externalid": ProvisionedRow.external_id,
        "displayname": func.lower(UnitRow.display_name),
        "meta.created": UnitRow.create_time,
        "meta.lastmodified": UnitRow.update_time,
    }
    return _condition(text, columns, {"members": has_member, "members.value": has_member})


def _condition(
    text: str, columns: Mapping[str, Column], tests: Mapping[str, Callable[[str], ColumnElement[bool]]]
) -> ColumnElement[bool]:
    if not text:
        return true()
    if len(text) > _LONGEST or text.count("(") + text.count("[") > _DEEPEST:
        raise InvalidFilterException(detail=f"longer than {_LONGEST} characters, or more than {_DEEPEST} deep")
    if "\0" in text or "\\u0000" in text:
        raise InvalidFilterException(detail="has a NUL character")
    parsed: ScimFilter[Any] = ScimFilter(text)
    return _Compiler(columns, tests).visit(parsed.ast)


class _Compiler(FilterVisitor[ColumnElement[bool]]):
    def __init__(
        self,
        columns: Mapping[str, Column],
        tests: Mapping[str, Callable[[str], ColumnElement[bool]]],
        within: str = "",
    ) -> None:
        self._columns = columns
        self._tests = tests
        self._within = within

    def visit_comparison(self, node: Comparison) -> ColumnElement[bool]:
        path = self._path(node)
        if path in self._tests:
            if node.op != "eq" or not isinstance(node.value, str):
                raise InvalidFilterException(detail=f"{path} takes eq and a text only")
            return self._tests[path](node.value)
        column = self._column(path)
        value = _value(column, path, node.value)
        if not isinstance(value, str) and node.op in ("co", "sw", "ew"):
            raise InvalidFilterException(detail=f"only texts can be compared by {node.op}")
        if isinstance(value, bool) and node.op not in ("eq", "ne"):
            raise InvalidFilterException(detail=f"{path} is true or false")
        return _COMPARE[node.op](column, value)

    def visit_present(self, node: Present) -> ColumnElement[bool]:
        column = self._column(self._path(node))
        if isinstance(column.type, (Boolean, UtcTime)):
            return true()
        return and_(column.is_not(None), column != "")

    def visit_not(self, node: Not) -> ColumnElement[bool]:
        return not_(func.coalesce(self.visit(node.expr), literal(value=False)))

    def visit_logical_expr(self, node: LogicalExpr) -> ColumnElement[bool]:
        joined = and_ if node.op == LogicalOperator.and_ else or_
        return joined(*(self.visit(term) for term in node.terms))

    def visit_value_path(self, node: ValuePath) -> ColumnElement[bool]:
        return _Compiler(self._columns, self._tests, f"{self._path(node)}.").visit(node.val_filter)

    def _path(self, node: Comparison | Present | ValuePath) -> str:
        parts = [part for part in (node.attr_path.attr, node.attr_path.sub_attr) if part]
        return self._within + ".".join(parts).lower()

    def _column(self, path: str) -> Column:
        if path not in self._columns:
            raise InvalidFilterException(detail=f"{path[:60]} cannot be filtered by")
        return self._columns[path]


def _value(column: Column, path: str, given: Any) -> Any:
    if isinstance(column.type, UtcTime):
        try:
            moment = datetime.fromisoformat(given)
            return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
        except (ValueError, TypeError, OverflowError):
            raise InvalidFilterException(detail=f"{path} is compared with a moment") from None
    if isinstance(column.type, Boolean):
        if not isinstance(given, bool):
            raise InvalidFilterException(detail=f"{path} is true or false")
        return given
    if not isinstance(given, str):
        raise InvalidFilterException(detail=f"{path} is compared with a text")
    return given if path in ("id", "externalid") else given.lower()
