"""Shadow documents: texts of ours, open in our own Lean server.

A document remembers its newest text and what Lean's notifications said about it, tells Lean about edits, and
tells a new Lean everything again after a crash. It judges nothing. One owner edits; anyone may ask.
"""

from collections.abc import Mapping
from typing import Protocol

from lean_sidekick.core.errors import LeanCrashed, ProtocolError
from lean_sidekick.core.goals import Goal, parse_goal, parse_goals
from lean_sidekick.core.positions import Position, utf16_length
from lean_sidekick.lean.barrier import VersionRecord, ask, complete_diagnostics, header_failure
from lean_sidekick.lean.diagnostics import Diagnostic
from lean_sidekick.lean.gates import Gate, Gates
from lean_sidekick.lean.header import find_header
from lean_sidekick.lean.transport import Transport


class Host(Protocol):
    """What a document needs of its server."""

    @property
    def gates(self) -> Gates:
        """The gates of the Lean that runs."""

    async def connect(self) -> Transport:
        """The connection to the running Lean, which is started again if it has died."""

    def next_version(self) -> int:
        """A version number that no document of this server had before."""

    def forget(self, uri: str) -> None:
        """The document is closed."""


class ShadowDocument:
    """See `api.Document`; made by `LeanServer.open`."""

    def __init__(self, host: Host, uri: str, text: str) -> None:
        self._host = host
        self._uri = uri
        self._text = text
        self._record = VersionRecord(0)
        self._open_on: Transport | None = None
        self._has_lost_worker = False
        self._is_closed = False

    @property
    def uri(self) -> str:
        """See `api.Document`."""
        return self._uri

    @property
    def version(self) -> int:
        """See `api.Document`."""
        return self._record.version

    @property
    def text(self) -> str:
        """See `api.Document`."""
        return self._text

    async def change(self, text: str) -> int:
        """See `api.Document`."""
        transport = await self._connect()
        if not self._is_open_on(transport) or self._needs_new_worker(text):
            self._open_again(transport, text)
        elif text != self._text:
            edit = range_edit(self._text, text)
            self._set(text)
            document = {"uri": self._uri, "version": self.version}
            transport.notify("textDocument/didChange", {"textDocument": document, "contentChanges": [edit]})
        return await self._flushed(transport)

    async def reopen(self, text: str) -> int:
        """See `api.Document`."""
        transport = await self._connect()
        self._open_again(transport, text)
        return await self._flushed(transport)

    async def ensure_open(self) -> Transport:
        """Gives the newest text to Lean if the one that runs does not have it."""
        transport = await self._connect()
        if not self._is_open_on(transport):
            self._open_again(transport, self._text)
            await transport.flush()
        return transport

    async def diagnostics(self, timeout_s: float) -> tuple[Diagnostic, ...]:
        """See `api.Document`."""
        transport = await self.ensure_open()
        record, text = self._record, self._text
        try:
            return await complete_diagnostics(self._uri, text, record, transport, self._host.gates, timeout_s)
        except LeanCrashed:
            self._lose_worker(record)
            raise

    async def plain_goal(self, position: Position, timeout_s: float) -> tuple[Goal, ...] | None:
        """See `api.Document`."""
        answer = await self._ask_at("$/lean/plainGoal", position, timeout_s)
        if answer is None:
            return None
        goals = answer.get("goals")
        if not isinstance(goals, list) or not all(isinstance(goal, str) for goal in goals):
            raise ProtocolError("Lean's answer about the goals cannot be read.")
        return parse_goals(goals)

    async def plain_term_goal(self, position: Position, timeout_s: float) -> Goal | None:
        """See `api.Document`."""
        answer = await self._ask_at("$/lean/plainTermGoal", position, timeout_s)
        if answer is None:
            return None
        goal = answer.get("goal")
        if not isinstance(goal, str):
            raise ProtocolError("Lean's answer about the expected type cannot be read.")
        return parse_goal(goal)

    async def close(self) -> None:
        """See `api.Document`."""
        if self._is_closed:
            return
        self._is_closed = True
        self._record.supersede()
        self._host.forget(self._uri)
        transport, self._open_on = self._open_on, None
        if transport is not None and transport.alive:
            transport.notify("textDocument/didClose", {"textDocument": {"uri": self._uri}})

    def on_notification(self, method: str, params: Mapping[str, object]) -> None:
        """Takes what Lean says about this document."""
        if method == "textDocument/publishDiagnostics":
            self._record.on_diagnostics(params)
        elif method == "$/lean/fileProgress":
            self._record.on_progress(params)

    async def _ask_at(self, method: str, position: Position, timeout_s: float) -> Mapping[str, object] | None:
        transport = await self.ensure_open()
        record, text = self._record, self._text
        place = {"line": position.line, "character": position.character}
        params = {"textDocument": {"uri": self._uri}, "position": place}
        try:
            answer = await ask(record, transport, method, params, timeout_s)
            if answer is None and (failure := header_failure(self._uri, text, record)) is not None:
                raise failure
        except LeanCrashed:
            self._lose_worker(record)
            raise
        if answer is not None and not isinstance(answer, Mapping):
            raise ProtocolError(f"Lean's answer to {method} cannot be read.")
        return answer

    async def _connect(self) -> Transport:
        transport = await self._host.connect()
        if self._is_closed:
            raise ValueError(f"{self._uri} is closed")
        return transport

    async def _flushed(self, transport: Transport) -> int:
        version = self.version
        await transport.flush()
        return version

    def _is_open_on(self, transport: Transport) -> bool:
        return self._open_on is transport and not self._has_lost_worker

    def _open_again(self, transport: Transport, text: str) -> None:
        """Opens the document, after closing it where it is open. Its version is a new one: what the old worker still
        says must not be taken for what the new one says."""
        if self._open_on is transport:
            transport.notify("textDocument/didClose", {"textDocument": {"uri": self._uri}})
        self._open_on, self._has_lost_worker = transport, False
        self._set(text)
        document = {"uri": self._uri, "languageId": "lean4", "version": self.version, "text": text}
        transport.notify("textDocument/didOpen", {"textDocument": document, "dependencyBuildMode": "never"})

    def _set(self, text: str) -> None:
        self._record.supersede()
        self._record = VersionRecord(self._host.next_version())
        self._text = text

    def _lose_worker(self, record: VersionRecord) -> None:
        """The worker is dead. Not every Lean starts a new one by itself, but every Lean does at `didOpen`."""
        if record is self._record:
            self._has_lost_worker = True

    def _needs_new_worker(self, text: str) -> bool:
        if not self._host.gates.has(Gate.LOSES_REQUESTS_AT_HEADER_EDIT):
            return False
        old, new = find_header(self._text), find_header(text)
        return self._text[: old.end] != text[: new.end]


def range_edit(old: str, new: str) -> dict[str, object]:
    """The protocol's edit from `old` to `new`: everything from the first difference on.

    Not a whole-text change, after which a Lean of 2021 keeps nothing. What follows the edit is elaborated anyway.
    """
    start = _common_prefix(old, new)
    line_start = old.rfind("\n", 0, start) + 1
    if "\r" in old[line_start:start]:
        start = line_start  # the server may count this line without its CR
    last_line_start = old.rfind("\n") + 1
    return {
        "range": {
            "start": {"line": old.count("\n", 0, start), "character": utf16_length(old[line_start:start])},
            "end": {"line": old.count("\n"), "character": utf16_length(old[last_line_start:])},
        },
        "text": new[start:],
    }


def _common_prefix(a: str, b: str) -> int:
    """The length of the common beginning, by halving: slices compare far faster than a loop over characters."""
    low, high = 0, min(len(a), len(b))
    while low < high:
        middle = (low + high + 1) // 2
        if a[low:middle] == b[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low
