"""A small HTTP server for programs on this machine: JSON in, JSON out.

Listens on the loopback address alone. Requests that a browser sends for some page are refused: by their `Origin`, or by
a `Host` that is not this machine. Sizes and times are limited; a client that hangs up ends the work for it. No TLS, no
keep-alive beyond what HTTP/1.1 gives, no streaming.
"""

import asyncio
import contextlib
import json
import logging
from collections.abc import Awaitable, Callable, Mapping
from urllib.parse import urlsplit

from attrs import frozen

from lean_sidekick.core.errors import ConfigError, InputError, SidekickError, TimedOut

HOST = "127.0.0.1"
MAX_BODY_BYTES = 4 * 1_048_576
MAX_HEAD_BYTES = 16_384
IDLE_S = 60.0
_OUR_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})
_REASONS = {200: "OK", 400: "Bad Request", 403: "Forbidden", 404: "Not Found", 405: "Method Not Allowed"}
_REASONS |= {411: "Length Required", 413: "Content Too Large", 500: "Internal Server Error", 503: "Service Unavailable"}
_logger = logging.getLogger(__name__)

Fields = Mapping[str, object]
Answer = Callable[[Fields], Awaitable[Fields]]
"""Takes the object that was sent and gives the one to send; a SidekickError becomes its sentence."""


@frozen(kw_only=True)
class _Request:
    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


class _Refused(Exception):
    """A request that gets no answer but a status and a sentence."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status


async def start(port: int, routes: Mapping[str, Answer]) -> asyncio.Server:
    """Listens for `POST` to the paths of `routes`; port 0 takes a free one. Raises ConfigError for a port in use."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            with contextlib.suppress(ConnectionError, TimeoutError, asyncio.IncompleteReadError):
                while await _serve_one(reader, writer, routes):
                    pass
        finally:
            writer.close()

    try:
        return await asyncio.start_server(serve, HOST, port, limit=MAX_HEAD_BYTES)
    except OSError as error:
        raise ConfigError(
            f"Port {port} of this machine cannot be used ({error.strerror}): name another one."
        ) from error


async def _serve_one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, routes: Mapping[str, Answer]) -> bool:
    """Serves one request; whether another may follow on the connection."""
    try:
        async with asyncio.timeout(IDLE_S):
            request = await _read(reader)
    except _Refused as refused:
        await _reply(writer, refused.status, {"error": str(refused)}, stays=False)
        return False
    if request is None:
        return False
    stays = request.headers.get("connection", "").lower() != "close"
    try:
        fields = await _unless_gone(reader, _answer(request, routes))
    except _Refused as refused:
        await _reply(writer, refused.status, {"error": str(refused)}, stays=stays)
    else:
        await _reply(writer, 200, fields, stays=stays)
    return stays


async def _answer(request: _Request, routes: Mapping[str, Answer]) -> Fields:
    if "origin" in request.headers or urlsplit(f"//{request.headers.get('host', '')}").hostname not in _OUR_NAMES:
        raise _Refused(403, "This server is for programs on this machine alone.")
    answer = routes.get(request.path)
    if answer is None:
        raise _Refused(404, f"There is no {request.path}; there are {', '.join(routes)}.")
    if request.method != "POST":
        raise _Refused(405, f"{request.path} is asked by POST.")
    try:
        fields = json.loads(request.body)
    except (ValueError, RecursionError):
        raise _Refused(400, "The request's body is not JSON.") from None
    if not isinstance(fields, dict):
        raise _Refused(400, "The request's body is not a JSON object.")
    try:
        return await answer(fields)
    except (InputError, ConfigError) as error:
        raise _Refused(400, str(error)) from error
    except TimedOut as error:
        raise _Refused(503, str(error)) from error
    except SidekickError as error:
        raise _Refused(503, str(error)) from error
    except Exception:  # a request's bug is that request's alone
        _logger.exception("a request to %s failed", request.path)
        raise _Refused(500, "Lean Sidekick failed at this request; its log says where.") from None


async def _unless_gone(reader: asyncio.StreamReader, work: Awaitable[Fields]) -> Fields:
    """The result of the work, which is cancelled when the client hangs up meanwhile, or says more before its turn."""
    task = asyncio.ensure_future(work)
    gone = asyncio.ensure_future(reader.read(1))
    try:
        await asyncio.wait({task, gone}, return_when=asyncio.FIRST_COMPLETED)
        if not task.done():
            raise ConnectionResetError("the client is gone")
        return task.result()
    finally:
        for waiting in (task, gone):
            waiting.cancel()
        await asyncio.gather(task, gone, return_exceptions=True)


async def _read(reader: asyncio.StreamReader) -> _Request | None:
    """The next request, None at the end of the connection."""
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    except asyncio.LimitOverrunError:
        raise _Refused(400, "The request's head is too long.") from None
    except asyncio.IncompleteReadError as error:
        if error.partial.strip():
            raise _Refused(400, "The request breaks off.") from None
        return None
    parts = head[0].split(" ")
    if len(parts) != 3 or not parts[2].startswith("HTTP/1."):
        raise _Refused(400, "This is no HTTP request.")
    headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:-2])}
    if "transfer-encoding" in headers:
        raise _Refused(411, "The request must say its Content-Length.")
    length = headers.get("content-length", "0")
    if not length.isdecimal() or int(length) > MAX_BODY_BYTES:
        raise _Refused(413, f"The request's body may have {MAX_BODY_BYTES} bytes.")
    body = await reader.readexactly(int(length))
    return _Request(method=parts[0], path=urlsplit(parts[1]).path, headers=headers, body=body)


async def _reply(writer: asyncio.StreamWriter, status: int, fields: Fields, *, stays: bool) -> None:
    data = json.dumps(fields, ensure_ascii=False, allow_nan=False).encode("utf-8", errors="replace")
    head = (
        f"HTTP/1.1 {status} {_REASONS[status]}\r\nContent-Type: application/json\r\nContent-Length: {len(data)}\r\n"
        f"Connection: {'keep-alive' if stays else 'close'}\r\n\r\n"
    )
    writer.write(head.encode() + data)
    async with asyncio.timeout(IDLE_S):
        await writer.drain()
