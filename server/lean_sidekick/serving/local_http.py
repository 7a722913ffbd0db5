"""A small HTTP server for programs of this machine: JSON in, JSON out, one function that answers.

It listens on the loopback address alone, takes no request that names another host (a web page could send one through a
renamed address), and reads no more than it can hold. Requests are read in threads, by the standard library, and
answered on the event loop that `start` was called on. It knows nothing of what is asked.
"""

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable
from concurrent.futures import CancelledError, TimeoutError
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

from attrs import frozen

from lean_sidekick.core.errors import ConfigError, InputError, SidekickError

HOST = "127.0.0.1"
MOST_BYTES = 64 * 1024 * 1024
ANSWER_S = 120.0
_READING_S = 30.0
_logger = logging.getLogger(__name__)


@frozen(kw_only=True)
class Request:
    """One request: `path` is without its query."""

    method: str
    path: str
    body: bytes


class NotFound(InputError):
    """There is nothing under this path, or not with this method."""


Answer = Callable[[Request], Awaitable[object]]
"""Gives the JSON value of an answer. An InputError becomes a 4xx with its sentence, another SidekickError a 503."""


class LocalServer:
    """One server; `start` it on the event loop that answers, and `close` it there."""

    def __init__(self, answer: Answer, answer_s: float = ANSWER_S) -> None:
        self._answer = answer
        self._answer_s = answer_s
        self._server: ThreadingHTTPServer | None = None
        self._thread: Thread | None = None

    @property
    def url(self) -> str:
        """The address that clients use."""
        assert self._server is not None
        return f"http://{HOST}:{self._server.server_address[1]}"

    def start(self, port: int) -> None:
        """Listens on a port; 0 takes a free one. Raises ConfigError if it is taken."""
        handler = _handler(self._answer, self._answer_s, asyncio.get_running_loop())
        try:
            self._server = ThreadingHTTPServer((HOST, port), handler)
        except (OSError, OverflowError) as error:
            reason = getattr(error, "strerror", None) or error
            raise ConfigError(f"Port {port} cannot be used ({reason}): name another one with --port.") from None
        self._server.daemon_threads = True
        self._thread = Thread(target=self._server.serve_forever, name="local-http", daemon=True)
        self._thread.start()

    async def close(self) -> None:
        """Stops listening; answers under way are let go."""
        if self._server is not None:
            await asyncio.to_thread(self._server.shutdown)
            self._server.server_close()


def _handler(answer: Answer, answer_s: float, loop: asyncio.AbstractEventLoop) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        server_version = "lean-sidekick"
        sys_version = ""
        timeout = _READING_S

        def do_GET(self) -> None:
            self._serve(b"")

        def do_POST(self) -> None:
            length = self.headers.get("Content-Length", "")
            if not length.isdecimal():
                self._refuse(411, "Send the length of the body in Content-Length.")
            elif int(length) > MOST_BYTES:
                self._refuse(413, f"The body is larger than {MOST_BYTES >> 20} MiB.")
            else:
                self._serve(self.rfile.read(int(length)))

        def log_message(self, format: str, *args: object) -> None:
            _logger.debug(format, *args)

        def _serve(self, body: bytes) -> None:
            host = self.headers.get("Host", HOST).rpartition("@")[2]
            name = host.rpartition(":")[0] if ":" in host else host
            # A browser names the page that it asks for; programs do not.
            if name not in (HOST, "localhost") or "Origin" in self.headers:
                self._refuse(403, "This server answers requests to localhost alone.")
                return
            request = Request(method=self.command, path=self.path.partition("?")[0], body=body)
            asked = asyncio.run_coroutine_threadsafe(_answered(answer, request), loop)
            try:
                status, value = asked.result(answer_s)
            except (TimeoutError, CancelledError):
                asked.cancel()
                status, value = 503, {"detail": f"There was no answer within {answer_s:g} s."}
            self._send(status, value)

        def _refuse(self, status: int, sentence: str) -> None:
            # What was not read of the body would be taken for the next request.
            self.close_connection = True
            self._send(status, {"detail": sentence})

        def _send(self, status: int, value: object) -> None:
            data = json.dumps(value, ensure_ascii=False).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json; charset=utf-8")
            self.send_header("Content-Length", str(len(data)))
            if self.close_connection:
                self.send_header("Connection", "close")
            self.end_headers()
            self.wfile.write(data)

    return Handler


async def _answered(answer: Answer, request: Request) -> tuple[int, object]:
    try:
        return 200, await answer(request)
    except NotFound as error:
        return 404, {"detail": str(error)}
    except InputError as error:
        return 422, {"detail": str(error)}
    except SidekickError as error:
        return 503, {"detail": str(error)}
    except Exception:  # a request's bug is that request's alone
        _logger.exception("a request to %s failed", request.path)
        return 500, {"detail": "Lean Sidekick failed at this request; its log says where."}
