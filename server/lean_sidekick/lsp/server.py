"""The language server: puts its parts together, reads messages until the client goes, and leaves nothing behind.

It registers code actions, inlay hints, inline completion and commands, and nothing that Lean's own server gives: no
hover, no definition, no diagnostics, no semantic tokens. All runs on one event loop; handlers are short or
asynchronous.
"""

import asyncio
import json
import logging
import signal
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any

import psutil
from lsprotocol import types
from pygls.lsp.server import LanguageServer

from lean_sidekick import __version__
from lean_sidekick.core.errors import InputError
from lean_sidekick.lsp.bootstrap import SERVER_NAME, Handover
from lean_sidekick.lsp.capabilities import read_capabilities
from lean_sidekick.lsp.client import Client
from lean_sidekick.lsp.features import (
    code_actions,
    commands,
    configuration,
    documents,
    inlay_hints,
    inline_completion,
    panel,
    premises,
    prove_file,
)
from lean_sidekick.lsp.features.status import Status
from lean_sidekick.lsp.lessons import Lessons
from lean_sidekick.lsp.logs import configure_logging, quiet_pygls
from lean_sidekick.lsp.methods import (
    CHOOSE_PREMISE,
    COMPLETE_PROOF,
    FIND_LEMMA,
    FIND_PREMISES,
    FORGET_LEARNED,
    PANEL_MOVED,
    PREMISE_USES,
    PROVE_FILE,
    RESTART_LEAN,
    TAKE_SUGGESTION,
)
from lean_sidekick.lsp.model_watch import ModelWatch
from lean_sidekick.lsp.panel import Panel
from lean_sidekick.lsp.partials import Partials
from lean_sidekick.lsp.projects import Backend, Projects, to_folders
from lean_sidekick.lsp.protocol import SidekickProtocol, make_converter
from lean_sidekick.lsp.requests import Handler, Parts, RequestContext, Requests
from lean_sidekick.lsp.rounds import Rounds
from lean_sidekick.lsp.snapshot import TextStore
from lean_sidekick.lsp.tasks import Tasks
from lean_sidekick.lsp.wire import Connection, End

EXIT_DONE = 0
EXIT_UNEXPECTED = 1
EXIT_INTERRUPTED = 130

# Editors kill a server that thinks too long about `shutdown`; the rest is done at the end.
_SHUTDOWN_WAIT_S = 1.5
_CLOSE_LIMIT_S = 15.0
_PARENT_EVERY_S = 2.0
# So long a flood of messages may keep all else waiting.
_BUSY_S = 0.01
_logger = logging.getLogger(__name__)


def serve(
    connection: Connection,
    handover: Handover,
    load_backend: Callable[[], Backend],
    *,
    lean_path: str | None,
    log_level: str,
) -> int:
    """Serves one client to the end: 0 if it said `shutdown`, 1 if it just went, 130 after an interrupt."""
    configure_logging(log_level)

    async def supervised() -> int:
        server = SidekickServer(connection, load_backend, lean_path)
        _on_signals(asyncio.get_running_loop(), server.end)
        return await server.serve(handover)

    try:
        return asyncio.run(supervised())
    except KeyboardInterrupt:  # where the loop cannot catch signals
        return EXIT_INTERRUPTED


class SidekickServer(LanguageServer):
    """One server for one client."""

    protocol: SidekickProtocol

    def __init__(self, connection: Connection, load_backend: Callable[[], Backend], lean_path: str | None) -> None:
        quiet_pygls()
        super().__init__(SERVER_NAME, __version__, protocol_cls=SidekickProtocol, converter_factory=make_converter)
        self._connection = connection
        self._lean_path = lean_path
        self._arrived = asyncio.Event()
        self._exit_status: int | None = None
        self._closing: asyncio.Task[None] | None = None
        self._shutting_down: asyncio.Task[None] | None = None
        self.parts = _make_parts(self.protocol, load_backend)
        self._requests = Requests(self.parts, lambda: self.protocol.msg_id, lambda: connection.waited_s)
        self.protocol.on_unreadable = self._unreadable
        self.protocol.set_writer(connection)
        self._register()

    def report_server_error(self, error: Exception, source: Any) -> None:
        """Logs what pygls would show to the user; what the user should know is said by the features."""
        _logger.debug("%s: %s", getattr(source, "__name__", source), error)

    async def serve(self, handover: Handover) -> int:
        """Serves the client that sent `initialize`; gives the exit status when nothing is left running."""
        self._adopt(handover)
        try:
            return await self._run()
        finally:
            await self._close()

    def end(self, exit_status: int) -> None:
        """Ends the server as soon as the message in hand is handled."""
        if self._exit_status is None:
            self._exit_status = exit_status
        self._arrived.set()

    def _adopt(self, handover: Handover) -> None:
        """Puts the `initialize` request, which was answered already, to pygls."""
        answers = _AnswerFilter(self._connection, handover.request["id"])
        self.protocol.set_writer(answers)
        self.protocol.accept(handover.request)
        if not self.protocol.is_initialized:
            _logger.warning("what the client said of itself cannot be read and is left out")
            self.protocol.accept({**handover.request, "params": _bare_params(handover.request["params"])})
        self.protocol.set_writer(self._connection)
        if answers.last != handover.answer:
            _logger.error("initialize was answered with %s, but pygls says %s", handover.answer, answers.last)

    async def _run(self) -> int:
        """Handles messages, in order, until something ends the server."""
        loop = asyncio.get_running_loop()
        self._connection.on_arrival(partial(_wake, loop, self._arrived))
        self.parts.tasks.start(self.parts.projects.load_backend(), "loading of the engine")
        if self.process_id is not None:
            self.parts.tasks.start(self._watch_parent(self.process_id), "watch of the editor's process")
        next_pause = 0.0
        while self._exit_status is None:
            frame = self._connection.poll()
            if frame is None:
                self._arrived.clear()
                await self._arrived.wait()
            elif isinstance(frame, End):
                self._left()
            else:
                is_request = self.protocol.receive(frame)
                # A request binds itself to the text as it is now, before the next change to it is read.
                if is_request or loop.time() >= next_pause:
                    await asyncio.sleep(0)
                    next_pause = loop.time() + _BUSY_S
        return self._exit_status

    async def _close(self) -> None:
        """Ends all work and every process behind it."""
        self._requests.close()
        await asyncio.wait({self._close_engines()}, timeout=_CLOSE_LIMIT_S)
        await self.parts.tasks.close(_CLOSE_LIMIT_S)
        if self._shutting_down is not None:  # `exit` came before `shutdown` was answered
            await asyncio.wait({self._shutting_down}, timeout=_SHUTDOWN_WAIT_S)
        self._connection.close()

    def _register(self) -> None:
        parts, requests = self.parts, self._requests
        self.protocol.notified = {
            types.INITIALIZED: lambda _: parts.status.settle(),
            types.EXIT: lambda _: self._left(),
            types.TEXT_DOCUMENT_DID_OPEN: partial(documents.did_open, parts, requests),
            types.TEXT_DOCUMENT_DID_CHANGE: partial(documents.did_change, parts, requests),
            types.TEXT_DOCUMENT_DID_SAVE: partial(documents.did_save, parts, requests),
            types.TEXT_DOCUMENT_DID_CLOSE: partial(documents.did_close, parts, requests),
            types.WORKSPACE_DID_CHANGE_CONFIGURATION: partial(configuration.did_change, parts),
            PANEL_MOVED: partial(panel.panel_moved, parts),
            types.WINDOW_WORK_DONE_PROGRESS_CANCEL: lambda params: parts.client.cancel_progress(params.token),
        }
        # pygls marks what it registers, which bound methods cannot bear.
        self.feature(types.INITIALIZE)(partial(self._initialize))
        self.feature(types.SHUTDOWN)(partial(self._shutdown_requested))
        self.feature(types.WORKSPACE_DID_CHANGE_WORKSPACE_FOLDERS)(lambda _: self._read_folders())
        self._answer(types.TEXT_DOCUMENT_CODE_ACTION, code_actions.code_actions, code_actions.OPTIONS)
        self._answer(types.TEXT_DOCUMENT_INLAY_HINT, inlay_hints.inlay_hints)
        self._answer(types.INLAY_HINT_RESOLVE, inlay_hints.resolve_inlay_hint)
        self._answer(
            types.TEXT_DOCUMENT_INLINE_COMPLETION, inline_completion.inline_completion, inline_completion.OPTIONS
        )
        self._answer(types.WORKSPACE_EXECUTE_COMMAND, _execute)
        # Only so that the capabilities name them.
        self.feature(types.TEXT_DOCUMENT_DID_SAVE)(lambda _: None)
        for name, command in _COMMANDS.items():
            self.command(name)(command)

    def _answer(self, method: str, handler: Handler[Any, Any], options: Any = None) -> None:
        self.feature(method, options)(self._requests.answering(method, handler))

    def _initialize(self, params: types.InitializeParams) -> None:
        self.parts.client.capabilities = read_capabilities(params.capabilities)
        self._read_folders()
        configuration.initialize(self.parts, self._lean_path, params)

    def _read_folders(self) -> None:
        workspace = self.protocol.workspace
        root = [workspace.root_uri] if workspace.root_uri else []
        self.parts.projects.folders = to_folders([f.uri for f in workspace.folders.values()] or root)

    async def _shutdown_requested(self, _: None) -> None:
        self._shutting_down = asyncio.current_task()
        await asyncio.wait({self._close_engines()}, timeout=_SHUTDOWN_WAIT_S)

    def _close_engines(self) -> "asyncio.Task[None]":
        self.parts.rounds.stop_all()
        if self._closing is None:
            self._closing = asyncio.create_task(self.parts.projects.close())
        return self._closing

    def _left(self) -> None:
        self.end(EXIT_DONE if self.protocol.is_shut_down else EXIT_UNEXPECTED)

    def _unreadable(self, message: Any) -> None:
        if message["method"] != types.TEXT_DOCUMENT_DID_CHANGE:
            return
        params = message.get("params")
        document = params.get("textDocument") if isinstance(params, dict) else None
        uri = document.get("uri") if isinstance(document, dict) else None
        if isinstance(uri, str) and self.parts.texts.version(uri) is not None:
            documents.lose(self.parts, self._requests, uri)

    async def _watch_parent(self, process_id: int) -> None:
        """Ends the server with the editor, also where another process keeps the pipe open."""
        try:
            editor = psutil.Process(process_id)
        except psutil.Error:
            return  # it lives where we cannot see it, as in another container
        while _is_alive(editor):  # noqa: ASYNC110 (no portable way to hear of the end of a process that is no child)
            await asyncio.sleep(_PARENT_EVERY_S)
        _logger.warning("the editor's process is gone")
        self.end(EXIT_UNEXPECTED)


class _AnswerFilter:
    """A writer that keeps the answers to one request back and lets everything else through."""

    def __init__(self, connection: Connection, message_id: str | int) -> None:
        self._connection = connection
        self._message_id = message_id
        self.last: Any = None

    def write(self, data: bytes) -> None:
        message = json.loads(data.partition(b"\r\n\r\n")[2])
        if "method" not in message and message.get("id") == self._message_id:
            self.last = message
        else:
            self._connection.write(data)

    def close(self) -> None:
        pass


async def _execute(ctx: RequestContext, params: types.ExecuteCommandParams) -> object:
    command = _COMMANDS.get(params.command)
    if command is None:
        raise InputError(f"There is no command {params.command}; there are {', '.join(_COMMANDS)}.")
    return await command(ctx, params)


_COMMANDS = {
    COMPLETE_PROOF: commands.complete_proof,
    PROVE_FILE: prove_file.prove_file,
    RESTART_LEAN: commands.restart_lean,
    FORGET_LEARNED: commands.forget_learned,
    FIND_PREMISES: premises.find_premises,
    FIND_LEMMA: premises.find_lemma,
    PREMISE_USES: premises.premise_uses,
    CHOOSE_PREMISE: premises.choose_premise,
    TAKE_SUGGESTION: panel.take_suggestion,
}


def _make_parts(protocol: SidekickProtocol, load_backend: Callable[[], Backend]) -> Parts:
    tasks = Tasks()
    client = Client(protocol, tasks)
    status = Status(client)
    texts = TextStore()
    projects = Projects(load_backend, status.warn_once)

    def on_news(uri: str) -> None:
        if projects.settings(uri).inlay_hints_enabled:
            client.refresh_inlay_hints()

    models = ModelWatch(status, tasks)
    lessons = Lessons(texts=texts, projects=projects, tasks=tasks)
    rounds = Rounds(
        texts=texts,
        projects=projects,
        status=status,
        tasks=tasks,
        lessons=lessons,
        models=models,
        on_news=on_news,
        on_changed=lambda known: shown.round_changed(known),
        editors_goals=client.editors_goals,
    )
    shown = Panel(client=client, texts=texts, projects=projects, rounds=rounds, tasks=tasks)
    return Parts(
        client=client,
        models=models,
        texts=texts,
        panel=shown,
        partials=Partials(),
        projects=projects,
        rounds=rounds,
        status=status,
        tasks=tasks,
    )


def _bare_params(params: Any) -> dict[str, Any]:
    return {
        "processId": None,
        "rootUri": params.get("rootUri") if isinstance(params.get("rootUri"), str) else None,
        "capabilities": {},
        "initializationOptions": params.get("initializationOptions"),
    }


def _is_alive(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False


def _wake(loop: asyncio.AbstractEventLoop, arrived: asyncio.Event) -> None:
    with suppress(RuntimeError):  # the loop has ended, and with it the interest
        loop.call_soon_threadsafe(arrived.set)


def _on_signals(loop: asyncio.AbstractEventLoop, end: Callable[[int], None]) -> None:
    for number, exit_status in ((signal.SIGTERM, EXIT_UNEXPECTED), (signal.SIGINT, EXIT_INTERRUPTED)):
        # Windows has no such handlers, and only the main thread sets them; the end of the pipe ends the server still.
        with suppress(NotImplementedError, RuntimeError, ValueError):
            loop.add_signal_handler(number, end, exit_status)
