"""Traces files in our Lean server, one after the other, each in an environment of its own.

A document of ours holds the text of `lean_text.py`; each file goes into one command at its end, so that nothing of the
project changes. In a project of Lake it stands under the URI of a file of the library that is traced, so that its
options hold; elsewhere under one where no file is. What goes wrong with a file is told as its error; what was asked of
a worker that had traced others is asked of a new one before that. A worker that has grown is replaced: what a file
imports stays in its memory.
"""

import logging
import secrets
from collections.abc import Callable
from pathlib import Path

from attrs import define, field, frozen

from lean_sidekick.core.errors import ImportsOutOfDate, InputError, LeanCrashed, TimedOut
from lean_sidekick.evaluation.extraction.assemble import PathOf, assemble, failed_file, first_error
from lean_sidekick.evaluation.extraction.lean_rows import TraceAnswer, read_trace
from lean_sidekick.evaluation.extraction.lean_text import HEADER, trace_command, trace_parts
from lean_sidekick.evaluation.extraction.targets import Target
from lean_sidekick.evaluation.extraction.traced import TracedFile
from lean_sidekick.lean.api import Document, DocumentServer
from lean_sidekick.lean.diagnostics import at_top, failed_import
from lean_sidekick.lean.spellings import SpelledText
from lean_sidekick.lean.spellings import first_error as first_error_of

logger = logging.getLogger(__name__)

DOCUMENT = "LeanSidekickExtraction.lean"
"""The name of the document that asks about texts that are in no library of Lake; no such file is ever written."""


@frozen(kw_only=True)
class Patience:
    """Seconds: `opening_s` for our own text in a new worker, `file_s` for one file; a worker above `worker_mb` goes."""

    opening_s: float = 300.0
    file_s: float = 1200.0
    worker_mb: int = 3000


@frozen(kw_only=True)
class TraceResult:
    """A traced file, and how many errors Lean reported in it, with the first in words ("" if there is none)."""

    file: TracedFile
    error_count: int
    first_error: str


@define(kw_only=True)
class FileTracer:
    """Traces the files of one project in one document; whoever makes it closes it. See `pool.Worker`.

    `uri` is that of the document for texts that are in no library of Lake. `worker_memory` is the size in bytes of the
    process that the document lives in.
    """

    server: DocumentServer
    uri: str
    path_of: PathOf
    worker_memory: Callable[[], int]
    patience: Patience = field(factory=Patience)
    _text: SpelledText = field(init=False, factory=lambda: SpelledText(HEADER, trace_parts(), "its proofs"))
    _document: Document | None = field(default=None, init=False)
    _is_ready: bool = field(default=False, init=False)
    _traced_count: int = field(default=0, init=False)
    _library: str = field(default="", init=False)
    _library_uri: str = field(default="", init=False)

    async def run(self, target: Target) -> TraceResult:
        """Traces a file.

        Raises InputError if this Lean cannot be asked at all, ImportsOutOfDate if it lacks `Lean`, LeanUnavailable if
        it is gone for good.
        """
        try:
            answer = await self._trace(target)
        except (TimedOut, LeanCrashed, _NoAnswer) as error:
            self._is_ready = False
            return _failed(target, _reason(target, error, self.patience))
        if answer.failure:
            why = _first_line(answer.failure)
            return _failed(target, f"The imports of {target.path} cannot be loaded ({why}); build the project first.")
        count, first = first_error(answer)
        said = "" if first is None else f"line {first.line}: {_first_line(first.text)}"
        return TraceResult(file=assemble(target, answer, self.path_of), error_count=count, first_error=said)

    async def close(self) -> None:
        """Ends the worker."""
        if self._document is not None:
            await self._document.close()

    async def _trace(self, target: Target) -> TraceAnswer:
        """The answer of a worker; of a new one where one that had traced other files fails."""
        if self.worker_memory() > self.patience.worker_mb * 2**20:
            self._is_ready = False
        await self._prepare(target)
        if not self._traced_count:
            return await self._ask(target)
        try:
            answer = await self._ask(target)
            if not answer.failure or failed_import(at_top(answer.failure)) is not None:
                return answer
        except (LeanCrashed, _NoAnswer) as error:
            logger.info("%s is asked about in a new worker: %s", target.path, error)
        self._is_ready = False
        await self._prepare(target)
        return await self._ask(target)

    async def _ask(self, target: Target) -> TraceAnswer:
        assert self._document is not None
        nonce = secrets.token_hex(8)
        command = trace_command(nonce, Path(target.path).name, target.module, target.text)
        await self._document.change(f"{self._text.text}{command}\n")
        diagnostics = await self._document.diagnostics(self.patience.file_s)
        self._traced_count += 1
        answer = read_trace(nonce, diagnostics)
        if answer is None:
            raise _NoAnswer(first_error_of(diagnostics))
        return answer

    async def _prepare(self, target: Target) -> None:
        """Sees to it that a worker with the options for this file has taken our text."""
        uri = self._uri_for(target)
        try:
            await self._take_text(uri)
        except (ImportsOutOfDate, InputError) as error:
            if uri == self.uri:
                raise
            # Lake cannot set a module of this library up; only the library's options are lost without it.
            logger.info("%s is not asked under: %s", uri, error)
            self._library_uri = self.uri
            await self._take_text(self.uri)

    async def _take_text(self, uri: str) -> None:
        if self._document is not None and self._document.uri != uri:
            document, self._document, self._is_ready = self._document, None, False
            await document.close()
        if self._is_ready:
            return
        if self._document is None:
            self._document = await self.server.open(uri, self._text.text)
        else:
            await self._document.reopen(self._text.text)
        while not self._text.take(await self._document.diagnostics(self.patience.opening_s)):
            await self._document.change(self._text.text)
        self._is_ready, self._traced_count = True, 0

    def _uri_for(self, target: Target) -> str:
        if target.lake_file is None:
            return self.uri
        # Files at the top are told no library from: many may be one, so they do not change the document.
        if not self._library_uri or (target.library and target.library != self._library):
            self._library, self._library_uri = target.library, target.lake_file.as_uri()
        return self._library_uri


class _NoAnswer(InputError):
    """Lean did not answer the question about a file."""


def _failed(target: Target, reason: str) -> TraceResult:
    return TraceResult(file=failed_file(target, reason), error_count=0, first_error="")


def _reason(target: Target, error: Exception, patience: Patience) -> str:
    if isinstance(error, TimedOut):
        return f"Lean did not get through {target.path} within {patience.file_s:g} s."
    if isinstance(error, LeanCrashed):
        return f"Lean died of {target.path}: {str(error).rstrip('.')}."
    return f"Lean does not say what is in {target.path}: {error}."


def _first_line(text: str) -> str:
    return text.strip().partition("\n")[0].rstrip(".")
