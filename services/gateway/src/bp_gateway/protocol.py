"""uvicorn's parser with a limit on what is no body: without one, a header or trailer that never ends would fill the memory."""

from __future__ import annotations

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

# Above every `header_bytes`, so that all but the absurd gets a problem document from the edge.
HEAD_BYTES = 128 * 1024


class BoundedProtocol(HttpToolsProtocol):
    """One connection; give the class to `uvicorn.Config(http=...)`."""

    _pending = 0  # bytes that arrived since the last header section, piece of body or message was complete

    def data_received(self, data: bytes) -> None:
        """Takes what arrived; refuses once too much of it leads to nothing."""
        self._pending += len(data)
        super().data_received(data)
        if self._pending > HEAD_BYTES and not self.transport.is_closing():
            self.send_400_response("The request's headers are too large.")

    def on_headers_complete(self) -> None:
        """Begins a request."""
        self._pending = 0
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Takes a piece of the body."""
        self._pending = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        """Ends a request."""
        self._pending = 0
        super().on_message_complete()
