"""What happens around every RPC, in this order: span, admission, validation, transaction with idempotency and audit, errors.

The pipeline wraps generated handlers once, when they are registered; the wrapped handlers are served on a socket by `server` and in
process by `inprocess`, so that nothing above the channel can tell the two apart.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager
from functools import partial
from typing import Any

import grpc
from google.rpc import status_pb2
from grpc_status import rpc_status
from opentelemetry import trace
from opentelemetry.trace import StatusCode
from sqlalchemy.exc import IntegrityError

from bp_kit.audit import Auditor, record_of
from bp_kit.away import UncertainError, is_away
from bp_kit.call import Call, call_entered
from bp_kit.database import Database, session_entered
from bp_kit.errors import Refused
from bp_kit.idempotency import recall, remember
from bp_kit.language import negotiate
from bp_kit.logs import described, get_logger
from bp_kit.moving.freezing import is_frozen
from bp_kit.ports import Clock
from bp_kit.rpc.admission import admit, check_scope, look_again, recognise
from bp_kit.rpc.methods import Method, method_of
from bp_kit.rpc.outcome import counted, served
from bp_kit.rpc.places import Places
from bp_kit.rpc.status import status_of
from bp_kit.rpc.waited import accepted_time
from bp_kit.rpc.watching import while_admitted
from bp_kit.sealing import Sealer
from bp_kit.service import SecondPerson
from bp_kit.subjects.restrictions import require_readable
from bp_kit.telemetry import current_trace_id
from bp_kit.tokens import TokenVerifier
from bp_kit.validation import check

Behaviour = Callable[[Any, Any], Any]
# Calls at once, and streams at once; apart, so that many who watch never keep others from being served.
MAX_CALLS = 512
MAX_STREAMS = 400
_END = object()
_log = get_logger("bp_kit.rpc")


class Pipeline:
    """Serves the methods of one service.

    Args:
        database: Where the service's transactions are.
        verifier: Verifies bearer tokens.
        clock: The time now, in UTC.
        second_person: Takes calls that need one.
        sealer: Of the node's key, by which the gateway says that a call waited there; None: none does.
    """

    def __init__(
        self,
        database: Database,
        verifier: TokenVerifier,
        clock: Clock,
        second_person: SecondPerson | None = None,
        sealer: Sealer | None = None,
    ) -> None:
        self._database = database
        self._verifier = verifier
        self._clock = clock
        self._second_person = second_person
        self._sealer = sealer
        self._calls = Places(MAX_CALLS)
        self._streams = Places(MAX_STREAMS)
        self._auditor = Auditor(database)

    def wrap(self, path: str, handler: Any, *, from_node: bool) -> Any:
        """Returns a handler like the generated one, with everything around it.

        Args:
            path: The method's gRPC path.
            handler: A `grpc.RpcMethodHandler`.
            from_node: Only services of this node can reach the channel it is served on.
        """
        method = method_of(path)
        if handler.response_streaming:
            serve = self._stream(method, handler.unary_stream, from_node)
            return grpc.unary_stream_rpc_method_handler(
                serve, handler.request_deserializer, handler.response_serializer
            )
        if handler.request_streaming:
            serve = self._single(method, handler.stream_unary, self._upload, from_node)
            return grpc.stream_unary_rpc_method_handler(
                serve, handler.request_deserializer, handler.response_serializer
            )
        serve = self._single(method, handler.unary_unary, self._transact, from_node)
        return grpc.unary_unary_rpc_method_handler(serve, handler.request_deserializer, handler.response_serializer)

    def _single(
        self,
        method: Method,
        behaviour: Behaviour,
        run: Callable[..., Any],
        from_node: bool,  # noqa: FBT001
    ) -> Behaviour:
        async def serve(request: Any, context: Any) -> Any:
            metadata = _metadata_of(context)
            with served(method, metadata) as outcome:
                try:
                    with self._calls.taken():
                        accepted = accepted_time(method, metadata, context, self._sealer, self._clock())
                        call = await recognise(
                            method, metadata, self._verifier, from_node=from_node, accept_time=accepted
                        )
                        with call_entered(call):
                            return await run(method, call, request, context, behaviour)
                except Exception as error:  # noqa: BLE001 - the one place that turns everything into a status
                    outcome.of(error)
                    status = self._status(error, method, metadata)
            return await context.abort_with_status(rpc_status.to_status(status))

        return serve

    def _stream(self, method: Method, behaviour: Behaviour, from_node: bool) -> Behaviour:  # noqa: FBT001
        async def serve(request: Any, context: Any) -> AsyncIterator[Any]:
            metadata = _metadata_of(context)
            with counted(method, timed=False) as outcome:
                try:
                    with self._streams.taken():
                        call = await recognise(method, metadata, self._verifier, from_node=from_node)
                        async with self._refusals_kept(method, call, [request]):
                            await self._inspect(method, call, request)
                            # Closed here and now, so that whoever leaves frees what the servicer holds.
                            async with aclosing(behaviour(request, context)) as responses:
                                entered = _entered(call, responses)
                                look = partial(look_again, method, call, self._verifier)
                                async with aclosing(while_admitted(entered, look)) as admitted:
                                    async for response in admitted:
                                        yield response
                except Exception as error:  # noqa: BLE001 - as above
                    outcome.of(error)
                    status = self._status(error, method, metadata)
                else:
                    return
            await context.abort_with_status(rpc_status.to_status(status))

        return serve

    async def _inspect(self, method: Method, call: Call, request: Any) -> None:
        """Checks a request outside of a transaction; what is kept of it is kept at once."""
        _check(method, call, request)
        await self._require_readable(method, call, request)
        if method.audited:
            await self._auditor.record(record_of(method, call, request, self._clock(), "OK"))

    async def _upload(self, method: Method, call: Call, requests: Any, context: Any, behaviour: Behaviour) -> Any:
        seen: list[Any] = []

        async def checked() -> AsyncIterator[Any]:
            async for request in requests:
                if not seen:
                    seen.append(request)
                    await self._inspect(method, call, request)
                yield request

        async with self._refusals_kept(method, call, seen):
            admit(method, call)
            return await behaviour(checked(), context)

    async def _transact(self, method: Method, call: Call, request: Any, context: Any, behaviour: Behaviour) -> Any:
        async with self._refusals_kept(method, call, [request]):
            _check(method, call, request)
            if self._second_person is not None and method.needs_second_person(request):
                await self._second_person.require(method, call, request)
            return await self._carry_out(method, call, request, context, behaviour)

    @asynccontextmanager
    async def _refusals_kept(self, method: Method, call: Call, requests: list[Any]) -> AsyncIterator[None]:
        """Keeps that a call was refused, and why: who tries what they may not is as telling as who does what they may.

        Args:
            method: What was called.
            call: By whom.
            requests: Its request; empty while that has not come.
        """
        try:
            yield
        except Refused as refused:
            if method.audited:
                request = requests[0] if requests else None
                await self._auditor.record(record_of(method, call, request, self._clock(), refused.reason))
            raise

    async def _carry_out(self, method: Method, call: Call, request: Any, context: Any, behaviour: Behaviour) -> Any:
        if method.read_only:
            await self._require_readable(method, call, request)
            async with self._database.read() as session:
                with session_entered(session):
                    response = await behaviour(request, context)
            if method.audited:
                await self._auditor.record(record_of(method, call, request, self._clock(), "OK"))
            return response
        try:
            return await self._change(method, call, request, context, behaviour)
        except IntegrityError:
            # Another call was quicker. A second try sees what it wrote, and answers as if it had come later.
            return await self._change(method, call, request, context, behaviour)
        except UncertainError:
            # Whoever repeats it gets the first answer, if there was one. Without an id it could be done twice.
            if getattr(request, "request_id", ""):
                raise Refused("UNAVAILABLE") from None
            raise

    async def _require_readable(self, method: Method, call: Call, request: Any) -> None:
        """Asks in a session of its own: a servicer that opens its own must not wait for a second connection while this holds the first."""
        if method.name_path:
            async with self._database.read() as session:
                await require_readable(session, call.principal, method.name_in(request))

    async def _change(self, method: Method, call: Call, request: Any, context: Any, behaviour: Behaviour) -> Any:
        async with self._database.write() as session:
            with session_entered(session):
                repeated = await recall(session, method, call, request)
                if repeated is not None:
                    return repeated
                await require_readable(session, call.principal, method.name_in(request))
                response = await behaviour(request, context)
                await remember(session, method, call, request, response=response, now=self._clock())
            if method.audited:
                await self._auditor.record_in(session, record_of(method, call, request, self._clock(), "OK"))
        return response

    def _status(self, error: Exception, method: Method, metadata: dict[str, str]) -> status_pb2.Status:
        current = trace.get_current_span()
        if is_away(error):
            _log.warning("rpc.database_away", method=method.path, error=type(error).__name__)
            error = Refused("UNAVAILABLE")
        if isinstance(error, Refused):
            refused = error
            current.set_attribute("error.type", error.reason)
        elif is_frozen(error):
            # For the moment in which the last changes go to the other place.
            refused = Refused("UNAVAILABLE")
        else:
            refused = Refused("UNSPECIFIED")
            current.set_status(StatusCode.ERROR)
            _log.error("rpc.failed", method=method.path, **described(error))
        return status_of(refused, negotiate(metadata.get("accept-language", "")), current_trace_id())


def _check(method: Method, call: Call, request: Any) -> None:
    admit(method, call)
    check_scope(method, call.principal, request)
    check(request)


def _metadata_of(context: Any) -> dict[str, str]:
    return {key.lower(): value for key, value in context.invocation_metadata() or () if isinstance(value, str)}


async def _entered(call: Call, responses: AsyncIterator[Any]) -> AsyncIterator[Any]:
    """Yields the responses of a servicer that knows its call.

    A generator's body runs only while it is asked for the next response, so the call is entered anew each time; never across a yield,
    after which another task may come back.
    """
    while True:
        with call_entered(call):
            response = await anext(responses, _END)
        if response is _END:
            return
        yield response
