"""Structured logs: JSON in pods, colours on a terminal. Event names are dotted and constant; never personal data."""

from __future__ import annotations

import logging
import sys
import traceback
from pathlib import Path
from typing import Any, Literal

from bp_kit.telemetry import current_trace_id
from bp_kit.without import without

# For tracebacks that are not used here; 6 MiB in each process.
with without("rich"):
    import structlog

_FRAMES = 8
# Keys that would carry a person or a secret; their values never reach a log line.
_REDACTED = frozenset({"password", "token", "secret", "email", "name", "given_name", "family_name", "text", "subject"})


def configure(*, node: str, style: Literal["json", "terminal"] = "json", level: str = "INFO") -> None:
    """Sets up logging for this process, foreign loggers included; call once.

    Args:
        node: The node's id, in every line.
        style: For machines or for a person.
        level: A standard level's name.
    """
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _add_trace,
        _redact,
    ]
    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer()
        if style == "json"
        else structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
    )
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                renderer,
            ],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)
    structlog.contextvars.bind_contextvars(node=node)


def get_logger(name: str = "") -> Any:
    """Returns a logger; `log.info("outbox.sent", count=3)`."""
    return structlog.stdlib.get_logger(name)


def described(error: BaseException) -> dict[str, object]:
    """Returns what may be logged of the unforeseen: its type and where it was raised, never its message or any value."""
    frames = traceback.extract_tb(error.__traceback__)[-_FRAMES:]
    return {
        "error": type(error).__name__,
        "where": [f"{Path(frame.filename).name}:{frame.lineno} {frame.name}" for frame in frames],
    }


def _add_trace(_logger: Any, _method: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    if trace_id := current_trace_id():
        event["trace_id"] = trace_id
    return event


def _redact(_logger: Any, _method: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    for key in _REDACTED & event.keys():
        event[key] = "[redacted]"
    return event
