"""The one wrapper around every request handler: each request gets exactly one answer.

A handler's result is the answer, unless the document that the request was bound to has moved on: then it is
"content modified", at once. So it is for a stale version named in the params. Errors of ours are answered with
their sentence; whatever else a handler raises is logged with the request's id and answered as an internal error.
Cancelling is left to pygls, which answers it. Has no opinion on what handlers do.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from time import monotonic
from typing import TypeVar

from attrs import frozen
from lsprotocol import types
from pygls.exceptions import JsonRpcException

from lean_sidekick.core.errors import SidekickError, StaleDocument
from lean_sidekick.lsp.client import Client
from lean_sidekick.lsp.features.status import Status
from lean_sidekick.lsp.model_watch import ModelWatch
from lean_sidekick.lsp.panel import Panel
from lean_sidekick.lsp.partials import Partials
from lean_sidekick.lsp.projects import Projects
from lean_sidekick.lsp.rounds import Rounds
from lean_sidekick.lsp.snapshot import Snapshot, TextStore
from lean_sidekick.lsp.tasks import Tasks

DEFAULT_LIMIT_S = 20.0
_SLOW_S = 1.0
_CHANGE_LIMIT_S = 5.0
_CONTENT_MODIFIED = "The text has changed since this was asked."

_Params = TypeVar("_Params")
_Result = TypeVar("_Result")
_logger = logging.getLogger(__name__)

current_request: ContextVar[str] = ContextVar("current_request", default="-")


@frozen(kw_only=True)
class Parts:
    """What lives as long as the server, one of each."""

    client: Client
    models: ModelWatch
    texts: TextStore
    panel: Panel
    partials: Partials
    projects: Projects
    rounds: Rounds
    status: Status
    tasks: Tasks


class RequestContext:
    """What one request may use, and the document version that it is bound to."""

    def __init__(self, parts: Parts, limit: asyncio.Timeout, waited_s: float) -> None:
        self.client = parts.client
        self.models = parts.models
        self.panel = parts.panel
        self.partials = parts.partials
        self.projects = parts.projects
        self.rounds = parts.rounds
        self.status = parts.status
        self.tasks = parts.tasks
        self._texts = parts.texts
        self._limit = limit
        self.waited_s = waited_s
        """Seconds that the request had waited before it was looked at, as while the server is still being loaded."""
        self._bound: Snapshot | None = None
        self._task = asyncio.current_task()
        self.is_stale = False

    def snapshot(self, uri: str, version: int | None = None) -> Snapshot:
        """The newest version of a document, to which the request is bound from now on.

        Raises InputError if the document is not open, StaleDocument if it is not at `version` (None: any).
        """
        snapshot = self._texts.snapshot(uri)
        if version is not None and version != snapshot.version:
            raise StaleDocument(_CONTENT_MODIFIED)
        self._bound = snapshot
        return snapshot

    def newest(self, uri: str) -> Snapshot:
        """The newest version of a document, for work that outlives versions. Raises InputError if it is not open."""
        return self._texts.snapshot(uri)

    async def edited(self, snapshot: Snapshot) -> None:
        """Waits for the change that an applied edit makes: editors may answer first and report it then."""
        try:
            async with asyncio.timeout(_CHANGE_LIMIT_S):
                await self._texts.moved_on(snapshot)
        except TimeoutError:
            _logger.warning("the editor applied an edit to %s, but has reported no change", snapshot.uri)

    def commit(self) -> None:
        """Unbinds the request: it goes on to change the text itself. Raises StaleDocument."""
        self.check()
        self._bound = None

    def check(self) -> None:
        """Raises StaleDocument if the document has moved on."""
        if self._bound is not None and self._texts.version(self._bound.uri) != self._bound.version:
            raise StaleDocument(_CONTENT_MODIFIED)

    def extend(self, seconds: float) -> None:
        """Gives the request so many seconds from now."""
        self._limit.reschedule(asyncio.get_running_loop().time() + seconds)

    def end_if_bound_to(self, uri: str) -> None:
        """Ends the request because its document moves on."""
        if self._bound is not None and self._bound.uri == uri:
            self.is_stale = True
            self.end()

    def end(self) -> None:
        """Ends the request."""
        if self._task is not None:
            self._task.cancel()


Handler = Callable[[RequestContext, _Params], Awaitable[_Result]]


class Requests:
    """The requests that are being answered.

    `waited_s` says how long the newest request has waited so far.
    """

    def __init__(self, parts: Parts, current_id: Callable[[], str | int | None], waited_s: Callable[[], float]) -> None:
        self._parts = parts
        self._current_id = current_id
        self._waited_s = waited_s
        self._running: set[RequestContext] = set()

    def answering(self, name: str, handler: Handler[_Params, _Result]) -> Callable[[_Params], Awaitable[_Result]]:
        """The handler as pygls is to call it."""

        async def answer(params: _Params) -> _Result:
            current_request.set(f"{name}#{self._current_id()}")
            began = monotonic()
            try:
                return await self._run(handler, params)
            finally:
                seconds = monotonic() - began
                _logger.log(logging.INFO if seconds > _SLOW_S else logging.DEBUG, "answered in %.3f s", seconds)

        return answer

    def text_changed(self, uri: str) -> None:
        """Ends the requests that are bound to a version of this document."""
        for request in list(self._running):
            request.end_if_bound_to(uri)

    def close(self) -> None:
        """Ends all requests."""
        for request in list(self._running):
            request.end()

    async def _run(self, handler: Handler[_Params, _Result], params: _Params) -> _Result:
        limit = asyncio.timeout(DEFAULT_LIMIT_S)
        context = RequestContext(self._parts, limit, self._waited_s())
        self._running.add(context)
        try:
            async with limit:
                result = await handler(context, params)
            context.check()
            return result
        except asyncio.CancelledError:
            if context.is_stale:
                raise _answer(types.LSPErrorCodes.ContentModified, _CONTENT_MODIFIED) from None
            raise
        except StaleDocument as error:
            raise _answer(types.LSPErrorCodes.ContentModified, str(error)) from None
        except TimeoutError:
            _logger.warning("given up: out of time")
            sentence = "Lean Sidekick did not finish this in its time; try again."
            raise _answer(types.LSPErrorCodes.RequestFailed, sentence) from None
        except SidekickError as error:
            raise _answer(types.LSPErrorCodes.RequestFailed, str(error)) from None
        except JsonRpcException:
            raise
        except Exception:
            _logger.exception("request failed")
            sentence = "Lean Sidekick failed at this request; its log says how."
            raise _answer(types.ErrorCodes.InternalError, sentence) from None
        finally:
            self._running.discard(context)


def _answer(code: types.LSPErrorCodes | types.ErrorCodes, message: str) -> JsonRpcException:
    return JsonRpcException(message=message, code=code.value)
