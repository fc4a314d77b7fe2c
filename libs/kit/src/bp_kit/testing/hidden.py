"""Whether somebody can tell what is hidden from them from what does not exist: by answer, or by the work that it costs.

Which calls could tell is read from the descriptors: every method for people, and in its request every field that takes the name of
something hidden. A new method or field is asked like the others.
"""

from __future__ import annotations

import contextlib
import re
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import grpc
from google.protobuf.descriptor import Descriptor, FieldDescriptor, MethodDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from google.rpc import error_details_pb2
from sqlalchemy import event
from sqlalchemy.engine import Engine

from bp_kit.call import current_call
from bp_kit.errors import Refused
from bp_kit.rpc.methods import descriptor_of, method_of
from bp_kit.sealing import Sealer
from bp_kit.service import Service
from bp_kit.testing.harness import Metadata, status_of_error
from bp_kit.validation import check

_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_DEPTH = 3
_TRIES = 12
_SOME_UUID = "0199aaaa-5b7a-7e3c-9a1b-2f4d6c8e0a11"
_POOL = ("x", _SOME_UUID, "something", "2026-05-04", "a@b.example", "https://b.example/c", "0" * 64, "12345678")
_ANYTHING = ("x", "whatever somebody says")
Counted = tuple[type, str]


@dataclass(frozen=True)
class Probe:
    """A call that names something.

    Attributes:
        method: What is called.
        field: Path of the field that names it: `("request", "name")`.
    """

    method: MethodDescriptor
    field: tuple[str, ...]

    @property
    def path(self) -> str:
        """The method's gRPC path."""
        return f"/{self.method.containing_service.full_name}/{self.method.name}"

    def __str__(self) -> str:
        return f"{self.method.containing_service.name}.{self.method.name} {'.'.join(self.field)}"

    def request(self, name: str, others: Sequence[str] = ()) -> Message | None:
        """Returns a request that passes all rules and has the name there; None where the field does not take such a name.

        Args:
            name: Stands in the field.
            others: Names for further fields that need one.
        """
        request = GetMessageClass(self.method.input_type)()
        _put(request, self.field, name)
        return request if _filled(request, self.field, others) else None


def probes(service: Service, names: Sequence[str], others: Sequence[str] = ()) -> Iterator[tuple[Probe, str]]:
    """Yields each probe of a service's methods for people, with each name that it takes.

    Args:
        service: Its methods.
        names: Of what is hidden.
        others: Names that further fields may need.
    """
    for method in people_methods(service):
        for field in _texts(method.input_type):
            probe = Probe(method, field)
            if any(probe.request(text, others) for text in _ANYTHING):
                # Any text will do there.
                continue
            for name in names:
                if probe.request(name, others) is not None:
                    yield probe, name


def lists(service: Service) -> list[Probe]:
    """Returns each list and search for people, with what it is of."""
    found = [one for one in people_methods(service) if "page_size" in one.input_type.fields_by_name]
    return [Probe(one, ("parent",)) for one in found if "parent" in one.input_type.fields_by_name]


def people_methods(service: Service) -> list[MethodDescriptor]:
    """Returns the methods of a service that people call with a role."""
    return [one for path in _paths(service) if (one := descriptor_of(path)) and method_of(path).access.roles]


def namesakes(name: str) -> list[str]:
    """Returns names of what does not exist, alike: the last part is another, and where others come before it, all parts are."""
    head, _, last = name.rpartition("/")
    found = [f"{head}/{_other(last)}"]
    if len(_UUID.findall(name)) > 1:
        found.append(_UUID.sub(lambda match: _other(match[0]), name))
    return found


@dataclass(frozen=True)
class Seen:
    """What a caller can see of a call, and what the call cost."""

    answer: str
    statements: tuple[str, ...]
    work: tuple[tuple[str, int], ...]

    def against(self, other: Seen) -> str:
        """Returns what differs, for a person."""
        if self.answer != other.answer:
            return f"answers {self.answer} and {other.answer}"
        more, less = Counter(self.statements), Counter(other.statements)
        return f"costs {[*(more - less)]} {self.work} and {[*(less - more)]} {other.work}"


class Onlooker:
    """Makes calls and notes what each cost: SQL statements with their shape, decisions, cryptography.

    Args:
        channel: To the service under test, which runs in this process.
        counted: Further methods whose calls are counted: `(Decider, "decide")`.
    """

    def __init__(self, channel: Any, counted: Sequence[Counted] = ()) -> None:
        self._channel = channel
        self._counted = (*counted, (Sealer, "seal"), (Sealer, "open"))
        self._statements: list[str] = []
        self._work: Counter[str] = Counter()

    @contextlib.contextmanager
    def watching(self) -> Iterator[None]:
        """Counts within the block."""
        event.listen(Engine, "before_cursor_execute", self._note)
        with contextlib.ExitStack() as stack:
            stack.callback(event.remove, Engine, "before_cursor_execute", self._note)
            for kind, name in self._counted:
                stack.enter_context(self._counting(kind, name))
            yield

    async def see(self, probe: Probe, request: Message, metadata: Metadata, *, name: str) -> Seen:
        """Makes a call and returns what it gave; the name that it asked for is left out of that, wherever it stands."""
        self._statements.clear()
        self._work.clear()
        answer = await self._answer(probe, request, metadata)
        return Seen(_nameless(answer, name), tuple(self._statements), tuple(sorted(self._work.items())))

    async def _answer(self, probe: Probe, request: Message, metadata: Metadata) -> str:
        try:
            return f"OK {await self._call(probe, request, metadata)}"
        except grpc.RpcError as error:
            status = status_of_error(error)
            kept = [one for one in status.details if not one.Is(error_details_pb2.RequestInfo.DESCRIPTOR)]
            return f"{status.code} {status.message} {kept}"

    async def _call(self, probe: Probe, request: Message, metadata: Metadata) -> str:
        method, channel = probe.method, self._channel
        kinds: dict[str, Any] = {
            "request_serializer": type(request).SerializeToString,
            "response_deserializer": GetMessageClass(method.output_type).FromString,
        }
        if method.client_streaming:
            answer = await channel.stream_unary(probe.path, **kinds)(_once(request), metadata=metadata)
        elif method.server_streaming:
            call = channel.unary_stream(probe.path, **kinds)(request, metadata=metadata)
            answer = await anext(aiter(call))
        else:
            answer = await channel.unary_unary(probe.path, **kinds)(request, metadata=metadata)
        # Ids and times are new each time: it is compared which fields there are, and how many of each.
        counts = [(field.name, len(value) if field.is_repeated else 1) for field, value in answer.ListFields()]
        return ", ".join(f"{name} {count}" for name, count in counts)

    def _note(self, _connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        try:
            current_call()
        except LookupError:
            # A worker's.
            return
        self._statements.append(statement)

    @contextlib.contextmanager
    def _counting(self, kind: type, name: str) -> Iterator[None]:
        plain: Callable[..., Any] = getattr(kind, name)

        def counting(*args: Any, **kwargs: Any) -> Any:
            self._work[f"{kind.__name__}.{name}"] += 1
            return plain(*args, **kwargs)

        setattr(kind, name, counting)
        try:
            yield
        finally:
            setattr(kind, name, plain)


def _nameless(answer: str, name: str) -> str:
    """Returns an answer without the name that was asked for, and without those that it stands under."""
    parts = name.split("/")
    for length in range(len(parts), 3, -1):
        answer = answer.replace("/".join(parts[:length]), "<name>")
    return answer


async def _once(request: Message) -> AsyncIterator[Message]:
    yield request


def _paths(service: Service) -> list[str]:
    found: list[str] = []

    class Server:
        """Takes what a servicer registers."""

        def add_generic_rpc_handlers(self, handlers: Any) -> None:
            """Not needed."""

        def add_registered_method_handlers(self, name: str, handlers: dict[str, Any]) -> None:
            found.extend(f"/{name}/{method}" for method in handlers)

    for add, servicer in service.servicers:
        add(servicer, Server())
    return found


def _texts(descriptor: Descriptor, before: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Yields the path of each text in a message, and in the messages in it."""
    for field in descriptor.fields:
        path = (*before, field.name)
        if field.type == FieldDescriptor.TYPE_STRING:
            yield path
        elif field.message_type and len(path) < _DEPTH and field.message_type.full_name.startswith("bluepacific."):
            yield from _texts(field.message_type, path)


def _put(message: Any, path: Sequence[str], value: Any) -> None:
    """Sets a field, in the first of a repeated one."""
    *parents, last = [re.sub(r"\[.*", "", one) for one in path]
    for name in parents:
        message = getattr(message, name)
        if hasattr(message, "add"):
            message = message[0] if message else message.add()
    field = message.DESCRIPTOR.fields_by_name[last]
    if field.message_type and not field.is_repeated:
        getattr(message, last).SetInParent()
    elif field.message_type:
        getattr(message, last).add()
    elif field.is_repeated:
        del getattr(message, last)[:]
        getattr(message, last).append(value)
    else:
        setattr(message, last, value)


def _filled(request: Message, kept: tuple[str, ...], others: Sequence[str]) -> bool:
    """Gives values to fields until all rules hold; False where the one that is kept breaks one."""
    tried: Counter[str] = Counter()
    for _ in range(_TRIES * 4):
        try:
            check(request)
        except Refused as refused:
            first = refused.violations[0].field
            path = tuple(re.sub(r"\[.*?\]", "", one) for one in first.split("."))
            if path == kept or tried[first] >= len(others) + len(_POOL):
                return False
            _put(request, path, _value(request, path, (*others, *_POOL), tried[first]))
            tried[first] += 1
        else:
            return True
    return False


def _value(request: Message, path: Sequence[str], texts: Sequence[str], number: int) -> Any:
    descriptor: Any = request.DESCRIPTOR
    for name in path[:-1]:
        descriptor = descriptor.fields_by_name[name].message_type
    field = descriptor.fields_by_name[path[-1]]
    if field.type == FieldDescriptor.TYPE_STRING:
        return texts[number]
    if field.type == FieldDescriptor.TYPE_BYTES:
        return b"x" * 32
    return number + 1


def _other(part: str) -> str:
    """Returns a last part that nobody has, as long and of the same letters."""
    return part[:-8] + "0" * 8 if _UUID.fullmatch(part) else "q" * len(part)
