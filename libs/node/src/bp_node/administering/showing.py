"""Resources as a person or a script reads them: a table of the columns that matter, or the JSON that the API itself gives."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from google.protobuf import json_format
from google.protobuf.message import Message
from rich.table import Table

from bp_node.screen import out, say, say_json


def document(message: Message) -> dict[str, Any]:
    """Returns a resource as the API's JSON has it."""
    return json_format.MessageToDict(message)


def show_one(message: Message, *, as_json: bool) -> None:
    """Shows one resource, a field a line."""
    if as_json:
        say_json(document(message))
        return
    for field, value in document(message).items():
        say(f"{field}: {_text(value)}")


def show_all(name: str, messages: Sequence[Message], columns: Sequence[str], *, as_json: bool) -> None:
    """Shows a list.

    Args:
        name: Of the list: `officers`.
        messages: Its resources.
        columns: Which fields a person sees, by their JSON names.
        as_json: For a script, which sees all fields.
    """
    documents = [document(message) for message in messages]
    if as_json:
        say_json({name: documents})
    elif not documents:
        say(f"no {name}")
    else:
        table = Table()
        for column in columns:
            # A name that is cut short can be copied nowhere.
            table.add_column(column, overflow="fold")
        for one in documents:
            table.add_row(*(_text(one.get(column, "")) for column in columns))
        out.print(table)


def _text(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(_text(one) for one in value)
    if isinstance(value, dict):
        return " ".join(_text(one) for one in value.values())
    return str(value)
