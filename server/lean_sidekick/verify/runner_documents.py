"""The documents in which the in-document runner lives: one beside each real one, under a name of its own.

They are apart from the real ones because they may need one more import, and because a text with the runner in it would
make Lean elaborate everything below the header again. Knows nothing of candidates.
"""

import time
from contextlib import AbstractAsyncContextManager

from attrs import define, field

from lean_sidekick.core.errors import SidekickError, TimedOut
from lean_sidekick.lean.api import Document, DocumentServer
from lean_sidekick.lean.diagnostics import Diagnostic
from lean_sidekick.verify.api import Priority
from lean_sidekick.verify.turns import Turns

URI_SUFFIX = ".LeanSidekickRunner.lean"


def runner_uri(uri: str) -> str:
    """The URI of the runner's document, beside the real one."""
    return uri.removesuffix(".lean") + URI_SUFFIX


@define
class RunnerDocuments:
    """The runner's own documents. One that made trouble is closed, and opened again at the next edit; a question that
    was given up leaves it open, because loading imports again costs more than what still runs."""

    server: DocumentServer
    opening_s: float
    candidate_s: float
    _documents: dict[str, Document] = field(factory=dict, init=False)
    _ready: set[str] = field(factory=set, init=False)
    _turns: dict[str, Turns] = field(factory=dict, init=False)
    _states: dict[str, set[str]] = field(factory=dict, init=False)
    elaboration_s: float = field(default=0.0, init=False)
    """Seconds spent waiting for Lean's answers so far: for measuring what the rest adds."""

    def turn(self, uri: str, priority: Priority = Priority.CURSOR) -> AbstractAsyncContextManager[None]:
        """Who holds it may edit the document."""
        return self._turns.setdefault(uri, Turns()).turn(priority)

    async def open(self, uri: str, text: str) -> tuple[Diagnostic, ...]:
        """Gives the text to a new worker, unless one has it already, and waits for all that Lean says, however long
        its imports take."""
        document = self._documents.get(uri)
        if document is None or document.text != text:
            await self.close(uri)
            document = self._documents[uri] = await self.server.open(uri, text)
        diagnostics = await self._wait(document, self.opening_s)
        self._ready.add(uri)
        return diagnostics

    def is_ready(self, uri: str) -> bool:
        """Whether a worker has its imports loaded."""
        return uri in self._ready

    async def elaborate(self, uri: str, text: str, timeout_s: float) -> tuple[Diagnostic, ...]:
        """All that Lean says of a text in a document that is ready."""
        document = self._documents[uri]
        started = time.perf_counter()
        await document.change(text)
        diagnostics = await self._wait(document, timeout_s)
        self.elaboration_s += time.perf_counter() - started
        return diagnostics

    def states(self, uri: str) -> set[str]:
        """The keys of the states that a document's worker was told to keep; it may have dropped old ones."""
        return self._states.setdefault(uri, set())

    async def close(self, uri: str) -> None:
        """Ends the worker of a document, if it has one."""
        self._ready.discard(uri)
        self._states.pop(uri, None)
        document = self._documents.pop(uri, None)
        if document is not None:
            await document.close()

    async def _wait(self, document: Document, timeout_s: float) -> tuple[Diagnostic, ...]:
        try:
            return await document.diagnostics(timeout_s)
        except SidekickError as error:
            if not isinstance(error, TimedOut) or timeout_s >= self.candidate_s:
                await self.close(document.uri)
            raise
