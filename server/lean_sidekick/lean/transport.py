"""JSON-RPC over a Lean server's pipes.

Promises: messages go out as raw UTF-8 in the order in which they were sent; every request is answered, fails, or
times out, and a time-out or a cancellation tells Lean (`$/cancelRequest`); late answers are ignored; Lean's own
requests are answered with null; when the other side dies or says what is no message, everything that waits fails at
once. Such garbage ends the connection on purpose: a lost message could be the one that holds an error.
Knows no method's meaning.
"""

import asyncio
import itertools
import json
import logging
from collections.abc import Callable, Mapping
from typing import Protocol

from lean_sidekick.core.errors import LeanCrashed, ProtocolError, SidekickError, StaleDocument, TimedOut
from lean_sidekick.lean.launch import Command
from lean_sidekick.lean.process import LeanProcess

logger = logging.getLogger(__name__)

WRITE_TIMEOUT_S = 20.0
MAX_BODY_BYTES = 1024**3
_MAX_HEADER_BYTES = 64 * 1024
_CONTENT_MODIFIED, _REQUEST_CANCELLED, _INTERNAL_ERROR = -32801, -32800, -32603
_WORKER_EXITED, _WORKER_CRASHED = -32901, -32902

JsonObject = Mapping[str, object]


class Transport(Protocol):
    """A connection to a Lean server."""

    @property
    def alive(self) -> bool:
        """Whether requests can still be answered."""

    async def request(self, method: str, params: JsonObject | None, timeout_s: float) -> object:
        """Asks and returns the result.

        Raises TimedOut; LeanCrashed if the server or the worker that was asked died; StaleDocument if the
        document changed meanwhile; ProtocolError for any other refusal.
        """

    def notify(self, method: str, params: JsonObject | None) -> None:
        """Queues a notification, behind all that was sent before. Raises LeanCrashed."""

    async def flush(self) -> None:
        """Waits until Lean has taken nearly all of what was sent. Raises LeanCrashed if it does not."""

    def stderr_tail(self) -> str:
        """The last of what the server wrote to its standard error."""

    async def close(self, grace_s: float) -> None:
        """Ends the server and everything it started, after `grace_s` seconds at most of waiting for it."""


class FrameReader:
    """Cuts a stream of bytes into message bodies; text before the first message is skipped."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._scanned = 0
        self._body_size: int | None = None
        self._is_body = False
        self._has_begun = False

    def feed(self, data: bytes) -> list[bytes]:
        """The bodies that are complete with this data; raises ProtocolError for what is no message."""
        self._buffer += data
        bodies = []
        while (body := self._next_body()) is not None:
            bodies.append(body)
        return bodies

    def _next_body(self) -> bytes | None:
        while not self._is_body:
            line = self._next_line()
            if line is None:
                return None
            self._read_header(line.strip())
        assert self._body_size is not None
        if len(self._buffer) < self._body_size:
            return None
        body = bytes(self._buffer[: self._body_size])
        del self._buffer[: self._body_size]
        self._body_size, self._is_body = None, False
        return body

    def _next_line(self) -> bytes | None:
        end = self._buffer.find(b"\n", self._scanned)
        if end < 0:
            self._scanned = len(self._buffer)
            if self._scanned > _MAX_HEADER_BYTES:
                raise ProtocolError(f"Lean wrote {self._scanned} bytes that are no message.")
            return None
        line = bytes(self._buffer[:end])
        del self._buffer[: end + 1]
        self._scanned = 0
        return line

    def _read_header(self, line: bytes) -> None:
        name, colon, value = line.partition(b":")
        if not line:
            self._is_body = self._body_size is not None
            if not self._is_body and self._has_begun:
                raise ProtocolError("Lean sent a message without its length.")
        elif name.strip().lower() == b"content-length":
            self._has_begun = True
            if not value.strip().isdigit() or int(value) > MAX_BODY_BYTES:
                raise ProtocolError(f"Lean announced a message of impossible length ({_shown(value)}).")
            self._body_size = int(value)
        elif self._has_begun and not (colon and name.lower().startswith(b"content-")):
            raise ProtocolError(f"Lean wrote something that is no message: {_shown(line)}")


class PipeTransport:
    """A `Transport` to a Lean process that it starts and ends.

    `on_death` is called when the connection is lost, unless `close` ended it.
    """

    def __init__(self, on_notification: Callable[[str, JsonObject], None], on_death: Callable[[], None]) -> None:
        self._on_notification = on_notification
        self._on_death = on_death
        self._frames = FrameReader()
        self._ids = itertools.count(1)
        self._pending: dict[int, tuple[str, asyncio.Future[object]]] = {}
        self._death: SidekickError | None = None
        self._is_closing = False
        self.process = LeanProcess(self._read, self._ended)
        self._ending: asyncio.Task[None] | None = None

    async def start(self, command: Command) -> None:
        """Starts the process; raises LeanUnavailable if it cannot be started."""
        await self.process.start(command)

    @property
    def alive(self) -> bool:
        """See `Transport`."""
        return self._death is None

    def stderr_tail(self) -> str:
        """See `Transport`."""
        return self.process.stderr_tail()

    async def request(self, method: str, params: JsonObject | None, timeout_s: float) -> object:
        """See `Transport`."""
        self._require_alive()
        request_id = next(self._ids)
        future: asyncio.Future[object] = asyncio.get_running_loop().create_future()
        self._pending[request_id] = (method, future)
        try:
            async with asyncio.timeout(timeout_s):
                self._send({"id": request_id, "method": method}, params)
                return await future
        except TimeoutError:
            raise TimedOut(f"Lean did not answer within {timeout_s:g} s.") from None
        finally:
            if self._pending.pop(request_id, None) is not None and self.alive:
                self._send({"method": "$/cancelRequest"}, {"id": request_id})

    def notify(self, method: str, params: JsonObject | None) -> None:
        """See `Transport`."""
        self._require_alive()
        self._send({"method": method}, params)

    async def flush(self) -> None:
        """See `Transport`."""
        try:
            await self.process.flush(WRITE_TIMEOUT_S)
        except TimeoutError:
            self._die(LeanCrashed(f"Lean stopped reading its input for {WRITE_TIMEOUT_S:g} s and was ended."))
        self._require_alive()

    async def close(self, grace_s: float) -> None:
        """See `Transport`."""
        self._is_closing = True
        self._die(LeanCrashed("Lean was ended."))
        await self.process.end(grace_s)

    def _require_alive(self) -> None:
        if self._death is not None:
            raise type(self._death)(str(self._death))

    def _send(self, head: JsonObject, params: JsonObject | None) -> None:
        """Queues a message. Old Leans misread escaped characters and take no `"params": null`."""
        message = {"jsonrpc": "2.0", **head} | ({} if params is None else {"params": params})
        # What UTF-8 cannot hold (half of a surrogate pair) cannot be in a Lean file either.
        body = json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode("utf-8", errors="replace")
        self.process.write(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))

    def _read(self, data: bytes) -> None:
        if not self.alive:
            return
        try:
            for body in self._frames.feed(data):
                self._dispatch(_parse(body))
        except SidekickError as error:
            self._die(error)
        except Exception as error:  # supervises the reading: a fault in it must not leave requests waiting
            logger.exception("a message from Lean could not be handled")
            self._die(ProtocolError(f"A message from Lean could not be handled ({error!r})."))

    def _dispatch(self, message: JsonObject) -> None:
        method, message_id, params = message.get("method"), message.get("id"), message.get("params")
        if isinstance(method, str):
            if "id" in message:
                self._send({"id": message_id, "result": None}, None)
            else:
                self._on_notification(method, params if isinstance(params, Mapping) else {})
            return
        asked = self._pending.pop(message_id, None) if isinstance(message_id, int) else None
        if asked is None:
            return  # the answer to a request that was given up
        asked_method, future = asked
        if future.done():
            return
        if (error := message.get("error")) is None:
            future.set_result(message.get("result"))
        else:
            future.set_exception(_refusal(asked_method, error if isinstance(error, Mapping) else {}))

    def _ended(self) -> None:
        code = self.process.exit_code
        last = self.stderr_tail().strip().rpartition("\n")[2]
        how = "closed its output" if code is None else f"ended with exit code {code}"
        self._die(LeanCrashed(f"Lean {how}{f': {last[:300]}' if last else '.'}"))

    def _die(self, error: SidekickError) -> None:
        if self._death is not None:
            return
        self._death = error
        pending, self._pending = self._pending, {}
        for _, future in pending.values():
            if not future.done():
                future.set_exception(type(error)(str(error)))
        if not self._is_closing:
            self._ending = asyncio.create_task(self.process.end(grace_s=0))
            self._on_death()


def _parse(body: bytes) -> JsonObject:
    try:
        message = json.loads(body.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise ProtocolError(f"Lean sent a message that is not JSON: {_shown(body)}") from error
    if not isinstance(message, dict):
        raise ProtocolError(f"Lean sent a message that is no JSON-RPC: {_shown(body)}")
    return message


def _refusal(method: str, error: JsonObject) -> SidekickError:
    """The error that an error answer means."""
    code, message = error.get("code"), str(error.get("message") or "no reason given")
    if code in (_CONTENT_MODIFIED, _REQUEST_CANCELLED):
        return StaleDocument("The document changed while Lean was asked about it.")
    has_crashed = code == _INTERNAL_ERROR and "crashed" in message  # so said before there were codes for it
    if code in (_WORKER_EXITED, _WORKER_CRASHED) or has_crashed:
        return LeanCrashed(f"The Lean process of this file died: {message}")
    return ProtocolError(f"Lean refused {method}: {message}")


def _shown(data: bytes) -> str:
    return repr(data[:80].decode(errors="replace").strip())
