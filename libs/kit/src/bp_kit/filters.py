"""List filters: a subset of AIP-160 compiled to SQL over columns that the list allows.

filter     := and
and        := or ("AND" or)*            a blank between two terms also means AND
or         := term ("OR" term)*         OR binds tighter than AND, as AIP-160 says
term       := ["NOT" | "-"] ( "(" and ")" | column operator value )
operator   := "=" | "!=" | "<" | "<=" | ">" | ">=" | ":"        ":" means contains
value      := "quoted" | bare
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, not_, or_

from bp_kit.errors import Refused
from bp_kit.tables import UtcTime

_MAX_LENGTH = 1000
_MAX_DEPTH = 8
# PostgreSQL refuses to compare an INTEGER with more.
_MAX_INTEGER = 2**31 - 1
_TOKEN = re.compile(r'\s*(?:(?P<text>"(?:[^"\\]|\\.)*")|(?P<mark><=|>=|!=|[=<>:()-])|(?P<word>[^\s"=<>:()!]+))')
_COMPARE = {
    "=": lambda column, value: column == value,
    "!=": lambda column, value: column != value,
    "<": lambda column, value: column < value,
    "<=": lambda column, value: column <= value,
    ">": lambda column, value: column > value,
    ">=": lambda column, value: column >= value,
}

Column = Any


def compile_filter(text: str, columns: Mapping[str, Column]) -> ColumnElement[bool] | None:
    """Compiles a filter to a condition; None for an empty one.

    Args:
        text: The request's filter.
        columns: What may be filtered: field name -> mapped column.

    Raises:
        Refused: INVALID_FILTER, naming what cannot be read.
    """
    if not text.strip():
        return None
    if len(text) > _MAX_LENGTH:
        raise _unreadable(f"longer than {_MAX_LENGTH} characters")
    # PostgreSQL's texts cannot hold it.
    if "\0" in text:
        raise _unreadable("has a NUL character")
    return _Parser(_tokens(text), columns).parse()


def _tokens(text: str) -> list[tuple[str, str]]:
    found, position = [], 0
    end = len(text.rstrip())
    while position < end:
        match = _TOKEN.match(text, position)
        if not match or match.end() == position:
            raise _unreadable(f"unexpected {text[position : position + 10]!r}")
        kind = match.lastgroup or ""
        found.append((kind, match.group(kind)))
        position = match.end()
    return found


def _unreadable(description: str) -> Refused:
    return Refused("INVALID_FILTER", field="filter", description=description)


class _Parser:
    def __init__(self, tokens: list[tuple[str, str]], columns: Mapping[str, Column]) -> None:
        self._tokens = tokens
        self._columns = columns
        self._at = 0
        self._depth = 0

    def parse(self) -> ColumnElement[bool]:
        condition = self._all()
        if self._at < len(self._tokens):
            raise _unreadable(f"unexpected {self._tokens[self._at][1]!r}")
        return condition

    def _peek(self) -> tuple[str, str]:
        return self._tokens[self._at] if self._at < len(self._tokens) else ("end", "end")

    def _next(self) -> tuple[str, str]:
        token = self._peek()
        self._at += 1
        return token

    def _all(self) -> ColumnElement[bool]:
        terms = [self._any()]
        while self._peek() not in (("end", "end"), ("mark", ")")):
            if self._peek() == ("word", "AND"):
                self._next()
            terms.append(self._any())
        return and_(*terms)

    def _any(self) -> ColumnElement[bool]:
        terms = [self._term()]
        while self._peek() == ("word", "OR"):
            self._next()
            terms.append(self._term())
        return or_(*terms)

    def _term(self) -> ColumnElement[bool]:
        if self._peek() in (("word", "NOT"), ("mark", "-")):
            self._next()
            return not_(self._factor())
        return self._factor()

    def _factor(self) -> ColumnElement[bool]:
        if self._peek() != ("mark", "("):
            return self._restriction()
        self._depth += 1
        if self._depth > _MAX_DEPTH:
            raise _unreadable(f"more than {_MAX_DEPTH} parentheses deep")
        self._next()
        condition = self._all()
        if self._next() != ("mark", ")"):
            raise _unreadable("a parenthesis is not closed")
        self._depth -= 1
        return condition

    def _restriction(self) -> ColumnElement[bool]:
        kind, name = self._next()
        if kind != "word" or name not in self._columns:
            raise _unreadable(f"{name!r} is not one of {', '.join(self._columns)}")
        kind, operator = self._next()
        if kind != "mark" or (operator not in _COMPARE and operator != ":"):
            raise _unreadable(f"{operator!r} is not an operator")
        column = self._columns[name]
        value = _value(column, self._literal())
        if operator == ":":
            return _contains(column, value)
        condition: ColumnElement[bool] = _COMPARE[operator](column, value)
        return condition

    def _literal(self) -> str:
        kind, literal = self._next()
        if kind == "text":
            return re.sub(r"\\(.)", r"\1", literal[1:-1])
        if kind == "word":
            # A bare value may contain the marks of a time: 2026-01-02T03:04:05Z.
            while self._peek() in (("mark", "-"), ("mark", ":")):
                literal += self._next()[1] + self._next()[1]
            return literal
        raise _unreadable("a value is missing")


def _contains(column: Column, value: object) -> ColumnElement[bool]:
    if not isinstance(value, str):
        raise _unreadable("only texts can contain something")
    condition: ColumnElement[bool] = column.icontains(value, autoescape=True)
    return condition


def _value(column: Column, literal: str) -> object:
    try:
        if isinstance(column.type, UtcTime):
            moment = datetime.fromisoformat(literal)
            return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
        kind = column.type.python_type
        if kind is bool:
            return {"true": True, "false": False}[literal.lower()]
        value = kind(literal)
        if kind is int and not -_MAX_INTEGER <= value <= _MAX_INTEGER:
            raise _unreadable(f"{literal!r} is too large a number")
    except (ValueError, KeyError, OverflowError):
        raise _unreadable(f"{literal!r} is not a value of this field") from None
    return value
