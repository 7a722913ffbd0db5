"""A Lean server for one project, and its life: start, death, restart, end.

Promises: a server that died is started again by the next call that needs it, and open documents are given to
it when they are next used; a server that keeps dying is left alone for a growing while; `close` leaves no process
behind. What is in flight when Lean dies gets LeanCrashed. Any number of tasks may use it; cancelling one harms
no other.
"""

import asyncio
import itertools
import logging
import os
import time
from collections.abc import Callable, Mapping

from attrs import frozen

from lean_sidekick import __version__
from lean_sidekick.core.errors import LeanCrashed, LeanUnavailable, ProtocolError, SidekickError, TimedOut
from lean_sidekick.lean.documents import ShadowDocument
from lean_sidekick.lean.gates import Gates, is_early_server
from lean_sidekick.lean.launch import Limits, initialize_params, likely_gates, server_command
from lean_sidekick.lean.process import has_guard
from lean_sidekick.lean.project import Project
from lean_sidekick.lean.sandbox import Sandbox
from lean_sidekick.lean.toolchain import Toolchain
from lean_sidekick.lean.transport import JsonObject, PipeTransport
from lean_sidekick.lean.version import LeanVersion

logger = logging.getLogger(__name__)


@frozen(kw_only=True)
class Patience:
    """How long the server's life may take, in seconds.

    A server that lives less than `healthy_s` counts as a failed start; after two in a row the next start waits
    `first_pause_s`, then twice as long each time, up to `longest_pause_s`.
    """

    start_s: float = 60.0
    shutdown_s: float = 3.0
    exit_s: float = 2.0
    healthy_s: float = 30.0
    first_pause_s: float = 2.0
    longest_pause_s: float = 60.0


class LeanServer:
    """See `api.DocumentServer`; project, toolchain, limits and sandbox do not change during its life.

    With a `sandbox` Lean runs inside it or not at all; without one it may do all that the user may.
    """

    def __init__(
        self,
        project: Project,
        toolchain: Toolchain,
        limits: Limits,
        *,
        environment: Mapping[str, str] | None = None,
        sandbox: Sandbox | None = None,
        patience: Patience | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._project = project
        self._toolchain = toolchain
        self._limits = limits
        self._environment = dict(os.environ if environment is None else environment)
        self._sandbox = sandbox
        self._patience = patience or Patience()
        self._gates = likely_gates(toolchain)
        self._documents: dict[str, ShadowDocument] = {}
        self._versions = itertools.count(1)
        self._transport: PipeTransport | None = None
        self._starting: PipeTransport | None = None
        self._lock = asyncio.Lock()
        self._failures = _Failures(self._patience, clock)
        self._has_run = False
        self._is_closed = False

    @property
    def project(self) -> Project:
        """The project it serves."""
        return self._project

    @property
    def version(self) -> LeanVersion:
        """The version of its Lean."""
        return self._toolchain.version

    @property
    def gates(self) -> Gates:
        """What its Lean can do; for a Lean that prints 4.0.0 final only once it has run."""
        return self._gates

    @property
    def is_alive(self) -> bool:
        """Whether a Lean runs and answers."""
        return self._transport is not None and self._transport.alive

    @property
    def pid(self) -> int | None:
        """The process below which everything of this server runs; None while nothing runs."""
        return self._transport.process.pid if self._transport is not None and self._transport.alive else None

    async def start(self) -> None:
        """Starts Lean if it does not run.

        Raises:
            LeanUnavailable: it does not start or does not answer in time, or the server was closed.
            LeanCrashed: it ran before, and cannot be started again now.
            ImportsOutOfDate: Lake would have to download packages first.
            ConfigError: the project's package list cannot be read.
        """
        await self.connect()

    async def open(self, uri: str, text: str) -> ShadowDocument:
        """See `api.DocumentServer`; raises what `start` does."""
        if uri in self._documents:
            raise ValueError(f"{uri} is already open")
        document = ShadowDocument(self, uri, text)
        self._documents[uri] = document
        try:
            await document.ensure_open()
        except BaseException:
            self.forget(uri)
            raise
        if not has_guard() and self._transport is not None:
            await asyncio.to_thread(self._transport.process.note_descendants)
        return document

    async def restart(self) -> None:
        """Ends Lean and starts it again; documents are given to the new one when they are next used."""
        self._failures.forget()
        async with self._lock:
            await self._end(grace_s=0)
        await self.connect()

    async def close(self) -> None:
        """Ends Lean and everything it started; the server must not be used any more."""
        self._is_closed = True
        if self._starting is not None:
            await self._starting.close(grace_s=0)
        async with self._lock:
            try:
                if self._transport is not None and self._transport.alive:
                    await self._say_goodbye(self._transport)
            finally:
                await self._end(self._patience.exit_s)

    async def connect(self) -> PipeTransport:
        """See `documents.Host`."""
        if self._transport is not None and self._transport.alive:
            return self._transport
        async with self._lock:
            if self._transport is not None and self._transport.alive:
                return self._transport
            if self._is_closed:
                raise LeanUnavailable("This Lean server was closed.")
            try:
                self._failures.require_patience()
                await self._end(grace_s=0)
                self._transport = await self._launch()
            except LeanUnavailable as error:
                if self._has_run:  # there is a Lean: what was asked of it was lost, and later questions may be answered
                    raise LeanCrashed(str(error)) from error
                raise
            self._has_run = True
            return self._transport

    def next_version(self) -> int:
        """See `documents.Host`."""
        return next(self._versions)

    def forget(self, uri: str) -> None:
        """See `documents.Host`."""
        self._documents.pop(uri, None)

    async def _launch(self) -> PipeTransport:
        make_command = server_command if self._sandbox is None else self._sandbox.server_command
        command = make_command(self._project, self._toolchain, self._limits, self._environment)
        self._failures.started()
        transport = PipeTransport(self._on_notification, self._failures.died)
        await transport.start(command)
        self._starting = transport
        try:
            params = initialize_params(self._project.root, __version__)
            result = await transport.request("initialize", params, self._patience.start_s)
            if not isinstance(result, Mapping):
                raise ProtocolError("It does not answer as a language server does.")
            transport.notify("initialized", {})
        except SidekickError as error:
            reason = self._start_failure(error, transport)
            if transport.alive:
                self._failures.died()
            await transport.close(grace_s=0)
            raise LeanUnavailable(reason) from error
        except BaseException:
            await transport.close(grace_s=0)
            raise
        finally:
            self._starting = None
        self._gates = Gates.for_version(self.version, is_early_server(self.version, result))
        logger.info("Lean %s runs in %s", self.version, self._project.root)
        return transport

    def _start_failure(self, error: SidekickError, transport: PipeTransport) -> str:
        program = f"Lean {self.version}"
        if not isinstance(error, TimedOut):
            where = f"in {self._project.root}"
            if self._sandbox is None:
                return f"{program} does not start {where}: {error}"
            reason = str(error).rstrip(".")
            return f"{program} does not start in its sandbox {where}: {reason} (lean.sandbox = false does without)."
        last = transport.stderr_tail().strip().rpartition("\n")[2]
        said = f" (it said: {last[:300]})" if last else ""
        return f"{program} was started but did not answer within {self._patience.start_s:g} s{said}."

    async def _say_goodbye(self, transport: PipeTransport) -> None:
        """Ends the session as the protocol wants it; whatever goes wrong, the process is ended afterwards."""
        try:
            await transport.request("shutdown", None, self._patience.shutdown_s)
            transport.notify("exit", None)
        except SidekickError as error:
            logger.info("Lean did not shut down by itself: %s", error)

    async def _end(self, grace_s: float) -> None:
        transport, self._transport = self._transport, None
        if transport is not None:
            await transport.close(grace_s)

    def _on_notification(self, method: str, params: JsonObject) -> None:
        uri = params.get("uri")
        if uri is None and isinstance(named := params.get("textDocument"), Mapping):
            uri = named.get("uri")
        if isinstance(uri, str) and (document := self._documents.get(uri)) is not None:
            document.on_notification(method, params)


class _Failures:
    """Counts starts that failed in a row, and says when the next one may be tried."""

    def __init__(self, patience: Patience, clock: Callable[[], float]) -> None:
        self._patience = patience
        self._clock = clock
        self._count = 0
        self._started_at = clock()
        self._died_at = clock()

    def started(self) -> None:
        self._started_at = self._clock()

    def died(self) -> None:
        self._died_at = self._clock()
        self._count = 1 if self._died_at - self._started_at >= self._patience.healthy_s else self._count + 1

    def forget(self) -> None:
        self._count = 0

    def require_patience(self) -> None:
        """Raises LeanUnavailable while it is too early for another start."""
        if self._count <= 2:
            return
        pause = min(self._patience.longest_pause_s, self._patience.first_pause_s * 2 ** (self._count - 3))
        left = self._died_at + pause - self._clock()
        if left > 0:
            raise LeanUnavailable(
                f"Lean died {self._count} times in a row soon after it was started; it is tried again in {left:.0f} s."
            )
