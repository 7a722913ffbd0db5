"""A small editor for tests: speaks to a server, keeps texts, applies edits, hears everything.

The server runs on fake engines, as a process of its own (`ServerProcess`) or in this one behind a socket
(`ServerHere`), which is the same but for pipes, signals and start-up, and much faster.

Every wait ends when the thing happens or fails after `LIMIT_S`; nothing here sleeps. Edits from the server are applied
as an editor would: whole or not at all, and not when their version is not the text's. What it asserts by itself: a
request gets one answer only, standard output holds nothing but frames, and `finish` fails if the server logged an error
or showed a message that the test did not read.
"""

import asyncio
import json
import logging
import os
import re
import socket
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, Protocol

from lean_sidekick.core.positions import Position, TextEdit, TextMap, apply_edits
from lean_sidekick.lsp.bootstrap import answer_initialize
from lean_sidekick.lsp.projects import Backend
from lean_sidekick.lsp.server import SidekickServer
from lean_sidekick.lsp.wire import socket_connection
from support.fake_engine import fake_backend

LIMIT_S = 60.0
"""A busy machine takes tens of seconds to import a server; a wait that ends well is no longer for it."""
TESTS = Path(__file__).parents[1]
URI = "file:///project/A.lean"

PLAIN: dict[str, Any] = {}
"""The capabilities of a client that can nothing special."""

PATIENT: dict[str, Any] = {"suggest": {"delayMs": 0, "codeActionWaitS": 10}}
"""Settings without a pause, and with code actions that wait until all was run: what is known after 150 ms depends on
how busy the machine is. Tests of rounds that do not end take `IMPATIENT`, and ask again until it is there."""

IMPATIENT: dict[str, Any] = {"suggest": {"delayMs": 0, "codeActionWaitS": 0}}
NEVER_BY_ITSELF: dict[str, Any] = {"suggest": {"delayMs": 60_000, "codeActionWaitS": 10}}

FULL: dict[str, Any] = {
    "workspace": {
        "applyEdit": True,
        "workspaceEdit": {"documentChanges": True},
        "inlayHint": {"refreshSupport": True},
    },
    "textDocument": {"inlineCompletion": {}},
    "window": {"workDoneProgress": True},
    "general": {"positionEncodings": ["utf-8", "utf-16"]},
}


def _python_path() -> list[str]:
    """The path that the tests themselves run with, for those who run them from another tree than the installed one."""
    return list(filter(None, [os.environ.get("PYTHONPATH")]))


class Answered(Exception):
    """The server answered with an error."""

    def __init__(self, error: dict[str, Any]) -> None:
        super().__init__(f"{error['code']}: {error['message']}")
        self.code: int = error["code"]
        self.message: str = error["message"]


class Asked:
    """A request on its way."""

    def __init__(self, message_id: int, answer: "asyncio.Future[Any]") -> None:
        self.id = message_id
        self._answer = answer

    async def answer(self) -> Any:
        """The result; raises Answered."""
        return await asyncio.wait_for(asyncio.shield(self._answer), LIMIT_S)


class Server(Protocol):
    """A server under test."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def lines(self) -> str | None:
        """The next line of its log, None after the last."""

    async def wait(self) -> int:
        """Its exit status."""

    async def kill(self) -> None:
        """Makes sure that it has ended."""


class ServerProcess:
    """The server as a process of its own."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdin is not None and process.stdout is not None and process.stderr is not None
        self.process = process
        self.reader, self.writer, self._errors = process.stdout, process.stdin, process.stderr

    @classmethod
    async def start(cls, *arguments: str, module: str = "support.fake_server") -> "ServerProcess":
        """Starts it; `module` is what Python runs."""
        return cls(
            await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                module,
                *arguments,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                cwd=TESTS,
                env={**os.environ, "PYTHONPATH": os.pathsep.join([str(TESTS), *_python_path()])},
            )
        )

    async def lines(self) -> str | None:
        line = await self._errors.readline()
        return line.decode(errors="replace").rstrip("\r\n") if line else None

    async def wait(self) -> int:
        return await self.process.wait()

    async def kill(self) -> None:
        if self.process.returncode is None:
            self.process.kill()
        await self.process.wait()


class ServerHere(logging.Handler):
    """The server in this process, behind a socket."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.setFormatter(logging.Formatter("%(levelname)s %(name)s %(message)s"))
        self._lines: asyncio.Queue[str | None] = asyncio.Queue()
        self._loop = asyncio.get_running_loop()

    @classmethod
    async def start(cls, may_load: threading.Event | None = None) -> "ServerHere":
        """Starts it; the engine's side is there as soon as `may_load` is set."""
        near, far = socket.socketpair()
        here = cls()
        for name in ("lean_sidekick", "pygls"):
            logging.getLogger(name).addHandler(here)
        here.reader, here.writer = await asyncio.open_connection(sock=near)
        here._task = asyncio.create_task(here._serve(far, may_load))
        return here

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    _task: "asyncio.Task[int]"

    def emit(self, record: logging.LogRecord) -> None:
        # Threads log too, and a queue of asyncio does not wake its reader for them.
        self._loop.call_soon_threadsafe(self._lines.put_nowait, self.format(record))

    async def lines(self) -> str | None:
        return await self._lines.get()

    async def wait(self) -> int:
        return await asyncio.shield(self._task)

    async def kill(self) -> None:
        self._task.cancel()
        await asyncio.wait({self._task})

    async def _serve(self, far: socket.socket, may_load: threading.Event | None) -> int:
        def load_backend() -> Backend:
            if may_load is not None:
                may_load.wait(LIMIT_S)
            return fake_backend(lambda event: self._lines.put_nowait(f"engine: {event}"))

        try:
            connection = socket_connection(far)
            handover = await asyncio.to_thread(answer_initialize, connection)
            if handover is None:
                return 1
            return await SidekickServer(connection, load_backend, None).serve(handover)
        finally:
            with suppress(OSError):  # the editor may have gone first
                far.shutdown(socket.SHUT_RDWR)
            far.close()
            for name in ("lean_sidekick", "pygls"):
                logging.getLogger(name).removeHandler(self)
            self._lines.put_nowait(None)


class Editor:
    """One editor with one server."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.texts: dict[str, str] = {}
        self.versions: dict[str, int] = {}
        self.heard: list[dict[str, Any]] = []
        """Every notification and request of the server, in order."""
        self.log: list[str] = []
        self.answers_requests = True
        """Whether requests of the server are answered; if not, a test does it."""
        self.choices: list[str] = []
        """What the user chooses of the questions to come, by the beginning of its text; nothing once it is used up."""
        self.answers: dict[str, dict[str, Any]] = {}
        """What requests of these methods are answered with: a `result` or an `error`."""
        self._next_id = 0
        self._asked: dict[int, asyncio.Future[Any]] = {}
        self._answered: set[int] = set()
        self._news = asyncio.Condition()
        self._shown_read = 0
        self._broken: Exception | None = None
        self._tasks = [asyncio.create_task(self._listen()), asyncio.create_task(self._read_log())]

    # Speaking

    def send(self, message: Any) -> None:
        """Sends any JSON."""
        self.send_bytes(frame(message))

    def send_bytes(self, data: bytes) -> None:
        """Sends any bytes."""
        self.server.writer.write(data)

    def notify(self, method: str, params: Any) -> None:
        # Who has told the server to go does not answer it any more: it may be gone.
        self.answers_requests = self.answers_requests and method != "exit"
        self.send({"jsonrpc": "2.0", "method": method, "params": params})

    def ask(self, method: str, params: Any) -> Asked:
        """Sends a request."""
        self._next_id += 1
        answer = self._asked[self._next_id] = asyncio.get_running_loop().create_future()
        self.send({"jsonrpc": "2.0", "id": self._next_id, "method": method, "params": params})
        return Asked(self._next_id, answer)

    async def request(self, method: str, params: Any) -> Any:
        """The result of a request; raises Answered."""
        return await self.ask(method, params).answer()

    async def initialize(self, capabilities: Any = None, options: Any = None, **more: Any) -> dict[str, Any]:
        """The handshake; gives the result of `initialize`."""
        params = {
            "processId": os.getpid(),
            "rootUri": None,
            "capabilities": FULL if capabilities is None else capabilities,
            "initializationOptions": PATIENT if options is None else options,
            **more,
        }
        result: dict[str, Any] = await self.request("initialize", params)
        self.notify("initialized", {})
        return result

    def open(self, text: str, uri: str = URI, version: int = 1) -> None:
        self.texts[uri], self.versions[uri] = text, version
        item = {"uri": uri, "languageId": "lean4", "version": version, "text": text}
        self.notify("textDocument/didOpen", {"textDocument": item})

    def close(self, uri: str = URI) -> None:
        del self.texts[uri], self.versions[uri]
        self.notify("textDocument/didClose", {"textDocument": {"uri": uri}})

    def replace(self, old: str, new: str, uri: str = URI) -> None:
        """Types: replaces the first `old` of the text, as one incremental change."""
        start = self.texts[uri].index(old)
        self.change([TextEdit(start=start, end=start + len(old), new_text=new)], uri)

    def type_after(self, mark: str, typed: str, uri: str = URI) -> None:
        """Types after the first `mark` of the text."""
        end = self.texts[uri].index(mark) + len(mark)
        self.change([TextEdit(start=end, end=end, new_text=typed)], uri)

    def change(self, edits: list[TextEdit], uri: str = URI) -> None:
        """Changes the text, as one incremental change; the edits must not overlap."""
        text_map = TextMap(self.texts[uri])
        self.texts[uri] = apply_edits(self.texts[uri], edits)
        self.versions[uri] += 1
        # From the last to the first, so that each range is one of the text before.
        changes = [
            {"range": wire_range(text_map, edit.start, edit.end), "text": edit.new_text}
            for edit in sorted(edits, key=lambda e: -e.start)
        ]
        self.notify("textDocument/didChange", {"textDocument": self.identify(uri), "contentChanges": changes})

    def save(self, uri: str = URI) -> None:
        self.notify("textDocument/didSave", {"textDocument": {"uri": uri}})

    async def code_actions(self, mark: str, uri: str = URI, **context: Any) -> list[dict[str, Any]]:
        """The code actions at the first `mark` of the text."""
        actions: list[dict[str, Any]] = await self.request(
            "textDocument/codeAction", self.code_action_params(mark, uri, **context)
        )
        return actions

    async def offered(self, mark: str, count: int, uri: str = URI) -> list[dict[str, Any]]:
        """The code actions at a mark as soon as there are so many: an answer holds what is known by then."""
        async with asyncio.timeout(LIMIT_S):
            while len(actions := await self.code_actions(mark, uri)) < count:
                pass
        return actions

    def ask_code_actions(self, mark: str, uri: str = URI) -> "Asked":
        """Asks for them, for the sake of the round that begins; whoever cares awaits the answer."""
        return self.ask("textDocument/codeAction", self.code_action_params(mark, uri))

    def code_action_params(self, mark: str, uri: str = URI, **context: Any) -> dict[str, Any]:
        text_map = TextMap(self.texts[uri])
        start = self.texts[uri].index(mark)
        return {
            "textDocument": {"uri": uri},
            "range": wire_range(text_map, start, start),
            "context": {"diagnostics": [], **context},
        }

    async def inlay_hints(self, uri: str = URI) -> list[dict[str, Any]]:
        """The inlay hints of the whole text."""
        hints: list[dict[str, Any]] = await self.request("textDocument/inlayHint", self.inlay_hint_params(uri))
        return hints

    def inlay_hint_params(self, uri: str = URI) -> dict[str, Any]:
        text_map = TextMap(self.texts[uri])
        return {"textDocument": {"uri": uri}, "range": wire_range(text_map, 0, len(self.texts[uri]))}

    def inline_completion_params(self, mark: str, uri: str = URI, *, by_itself: bool = True) -> dict[str, Any]:
        """What an editor asks for ghost text after the first `mark` of the text."""
        end = self.texts[uri].index(mark) + len(mark)
        position = wire_range(TextMap(self.texts[uri]), end, end)["start"]
        return {
            "textDocument": {"uri": uri},
            "position": position,
            "context": {"triggerKind": 2 if by_itself else 1},
        }

    def execute(self, command: dict[str, Any], **more: Any) -> Asked:
        """Runs a command as a code action holds it."""
        params = {"command": command["command"], "arguments": command.get("arguments"), **more}
        return self.ask("workspace/executeCommand", params)

    def complete_proof(self, mark: str, uri: str = URI, **more: Any) -> Asked:
        """Runs "Complete the proof" at the first `mark` of the text."""
        position = wire_position(TextMap(self.texts[uri]), self.texts[uri].index(mark))
        argument = {"uri": uri, "version": self.versions[uri], "position": position}
        return self.execute({"command": "leanSidekick.completeProof", "arguments": [argument]}, **more)

    def apply(self, edit: dict[str, Any]) -> bool:
        """Applies a workspace edit and tells the server of the change; false if its version is not the text's."""
        documents = edit.get("documentChanges") or [
            {"textDocument": {"uri": uri, "version": None}, "edits": edits} for uri, edits in edit["changes"].items()
        ]
        for document in documents:
            uri, version = document["textDocument"]["uri"], document["textDocument"]["version"]
            if version is not None and version != self.versions[uri]:
                return False
        for document in documents:
            uri = document["textDocument"]["uri"]
            text_map = TextMap(self.texts[uri])
            self.change([_to_edit(text_map, edit) for edit in document["edits"]], uri)
        return True

    def identify(self, uri: str = URI) -> dict[str, Any]:
        return {"uri": uri, "version": self.versions[uri]}

    # Hearing

    async def until(self, is_true: Callable[[], Any], what: str) -> Any:
        """Waits until something is true and gives it; looked at whenever something was heard."""
        async with self._news:
            try:
                await asyncio.wait_for(self._news.wait_for(lambda: bool(self._broken or is_true())), LIMIT_S)
            except TimeoutError:
                raise AssertionError(f"never: {what}; heard {self.heard}; log:\n" + "\n".join(self.log)) from None
        if self._broken is not None:
            raise self._broken
        return is_true()

    async def hears(self, method: str, count: int = 1) -> Any:
        """The params of the `count`th message of this method."""
        found = await self.until(
            lambda: self.said(method) if len(self.said(method)) >= count else None, f"{count} × {method}"
        )
        return found[count - 1]

    def said(self, method: str) -> list[Any]:
        """The params of all messages of this method that were heard by now."""
        return [message.get("params") for message in self.heard if message["method"] == method]

    async def shown(self) -> str:
        """The next message that the server shows to the user."""
        self._shown_read += 1
        params = await self.hears("window/showMessage", self._shown_read)
        return str(params["message"])

    async def event(self, text: str, count: int = 1) -> str:
        """The `count`th event of an engine that begins with a text."""

        def found() -> list[str]:
            return [event for event in self.events() if event.startswith(text)]

        lines = await self.until(lambda: found() if len(found()) >= count else None, f"{count} × engine: {text}")
        return str(lines[count - 1])

    def events(self) -> list[str]:
        """What the engines did by now."""
        return [line.removeprefix("engine: ") for line in self.log if line.startswith("engine: ")]

    async def settled(self) -> None:
        """A round trip: what was sent before has been handled."""
        try:
            await self.request("test/unknown", None)
        except Answered as error:
            assert error.code == -32601

    # Ending

    async def finish(self) -> None:
        """Leaves as the standard says and looks whether the server behaved."""
        assert await self.request("shutdown", None) is None
        self.notify("exit", None)
        assert await self.ended() == 0
        unread = [params["message"] for params in self.said("window/showMessage")[self._shown_read :]]
        assert unread == [], "messages that the test did not expect"
        assert [line for line in self.log if "ERROR " in line or line.startswith("Traceback")] == []

    async def ended(self) -> int:
        """The exit status, once the server has ended and all it said was read."""
        status = await asyncio.wait_for(self.server.wait(), LIMIT_S)
        await asyncio.wait_for(asyncio.gather(*self._tasks), LIMIT_S)
        return status

    async def stop_listening(self) -> None:
        """Closes the pipe from the server alone; it is closed when this returns."""
        assert isinstance(self.server, ServerProcess)
        # asyncio has no public way to close one pipe of a child and leave the others open.
        self.server.process._transport.get_pipe_transport(1).close()  # type: ignore[attr-defined]
        # The reader hears of the end in the step that closes the pipe. An answer before it would find it open.
        await asyncio.wait_for(asyncio.shield(self._tasks[0]), LIMIT_S)

    def hang_up(self) -> None:
        """Closes the pipe to the server without a word."""
        self.server.writer.close()

    async def kill(self) -> None:
        """Makes sure that nothing is left after a test, whether it failed or not."""
        await self.server.kill()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self.server.writer.close()

    # Reading

    async def _listen(self) -> None:
        try:
            await self._read_messages()
        except Exception as error:
            self._broken = error
            async with self._news:
                self._news.notify_all()
            raise
        for answer in self._asked.values():
            if not answer.done():
                answer.set_exception(EOFError("the server ended"))
                answer.exception()

    async def _read_messages(self) -> None:
        while (head := await self.server.reader.readline()) != b"":
            match = re.fullmatch(rb"Content-Length: (\d+)\r\n", head)
            assert match, f"no frame on standard output: {head!r}"
            while await self.server.reader.readline() != b"\r\n":
                pass
            await self._take(json.loads(await self.server.reader.readexactly(int(match[1]))))

    async def _take(self, message: dict[str, Any]) -> None:
        async with self._news:
            if "method" in message:
                self.heard.append(message)
                if "id" in message and self.answers_requests:
                    self._answer(message)
            else:
                self._take_answer(message)
            self._news.notify_all()

    def _take_answer(self, message: dict[str, Any]) -> None:
        message_id = message["id"]
        if message_id not in self._asked:
            self.heard.append({"method": "(answer)", "params": message})
            return
        assert message_id not in self._answered, f"a second answer: {message}"
        self._answered.add(message_id)
        answer = self._asked[message_id]
        if "error" in message:
            answer.set_exception(Answered(message["error"]))
            answer.exception()  # tests that do not look at it are not told off for that
        else:
            answer.set_result(message["result"])

    def _answer(self, message: dict[str, Any]) -> None:
        answer = self.answers.get(message["method"]) or {"result": self._result(message)}
        self.send({"jsonrpc": "2.0", "id": message["id"], **answer})

    def _result(self, message: dict[str, Any]) -> Any:
        if message["method"] == "workspace/applyEdit":
            return {"applied": self.apply(message["params"]["edit"])}
        if message["method"] == "window/showMessageRequest" and self.choices:
            begin = self.choices.pop(0)
            return next(one for one in message["params"]["actions"] if one["title"].startswith(begin))
        return None

    async def _read_log(self) -> None:
        while (line := await self.server.lines()) is not None:
            async with self._news:
                self.log.append(line)
                self._news.notify_all()


def frame(message: Any) -> bytes:
    """A message as it travels."""
    body = json.dumps(message).encode()
    return b"Content-Length: %d\r\n\r\n%b" % (len(body), body)


def wire_position(text_map: TextMap, offset: int) -> dict[str, int]:
    position = text_map.position(offset)
    return {"line": position.line, "character": position.character}


def wire_range(text_map: TextMap, start: int, end: int) -> dict[str, Any]:
    return {"start": wire_position(text_map, start), "end": wire_position(text_map, end)}


def _to_edit(text_map: TextMap, edit: dict[str, Any]) -> TextEdit:
    start, end = edit["range"]["start"], edit["range"]["end"]
    return TextEdit(
        start=text_map.offset(Position(start["line"], start["character"])),
        end=text_map.offset(Position(end["line"], end["character"])),
        new_text=edit["newText"],
    )
