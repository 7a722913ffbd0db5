"""Is Lean done with this version of a document, and did it get anywhere?

The one barrier is `textDocument/waitForDiagnostics`, sent after the edit; its answer counts only for the version
that is still the newest. Even then messages count as complete only if Lean published some list for that version and
reported its end: an empty list that nobody sent, or a file whose header failed, is an error here, never silence.
Lean's wordings are `diagnostics.py`'s business.
"""

import asyncio
import contextlib
from collections.abc import Callable, Mapping
from urllib.parse import unquote

from lean_sidekick.core.errors import (
    ImportsOutOfDate,
    InputError,
    LeanCrashed,
    ProtocolError,
    SidekickError,
    StaleDocument,
)
from lean_sidekick.lean.diagnostics import (
    Diagnostic,
    failed_import,
    foreign_object_file,
    imports_must_be_rebuilt,
    parse_diagnostic,
)
from lean_sidekick.lean.gates import Gate, Gates
from lean_sidekick.lean.header import find_header
from lean_sidekick.lean.transport import Transport

# How long notifications may trail behind the answer that should follow them; the second for Lean 4.22's empty lists.
SETTLE_S = 2.0
LATE_DIAGNOSTICS_S = 0.5
# How long an answer may trail behind the news that the file is beyond hope.
FATAL_S = 2.0
_ATTEMPTS = 3


class VersionRecord:
    """What Lean's notifications said about one version of a document."""

    def __init__(self, version: int) -> None:
        self.version = version
        self.diagnostics: tuple[Diagnostic, ...] = ()
        self.publications = 0
        self.is_done = False
        self.is_fatal = False
        self.is_superseded = False
        self._news = asyncio.Event()

    def on_diagnostics(self, params: Mapping[str, object]) -> None:
        """Takes a `publishDiagnostics`; one for another version is ignored, one in pieces is joined.

        Raises:
            ProtocolError: a diagnostic cannot be read.
        """
        items = params.get("diagnostics")
        if params.get("version") != self.version or not isinstance(items, list):
            return
        new = tuple(parse_diagnostic(item) for item in items)
        self.diagnostics = (*self.diagnostics, *new) if params.get("isIncremental") is True else new
        self.publications += 1
        self._news.set()

    def on_progress(self, params: Mapping[str, object]) -> None:
        """Takes a `fileProgress`; one for another version is ignored."""
        document, processing = params.get("textDocument"), params.get("processing")
        if not isinstance(document, Mapping) or document.get("version") != self.version:
            return
        if not isinstance(processing, list):
            return
        self.is_fatal = any(isinstance(part, Mapping) and part.get("kind") == 2 for part in processing)
        self.is_done = not processing
        self._news.set()

    def supersede(self) -> None:
        """There is a newer version: whoever waits for this one need not."""
        self.is_superseded = True
        self._news.set()

    async def wait_until(self, condition: Callable[[], bool], timeout_s: float | None) -> bool:
        """Waits for notifications until a condition holds; whether it does at the end."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                while not condition():
                    self._news.clear()
                    await self._news.wait()
        return condition()


async def ask(
    record: VersionRecord, transport: Transport, method: str, params: Mapping[str, object], timeout_s: float
) -> object:
    """Asks Lean about one version of a document.

    Raises StaleDocument as soon as there is a newer version, and LeanCrashed if Lean reports that the file is beyond
    hope and no answer follows: questions to a worker that died may stay open for ever.
    """
    asking = asyncio.create_task(transport.request(method, params, timeout_s))
    ending = asyncio.create_task(record.wait_until(lambda: record.is_superseded or record.is_fatal, None))
    try:
        await asyncio.wait({asking, ending}, return_when=asyncio.FIRST_COMPLETED)
        if not record.is_superseded and not asking.done():
            await asyncio.wait({asking}, timeout=FATAL_S)
        if record.is_superseded:
            raise StaleDocument("The document changed while Lean was asked about it.")
        if not asking.done():
            raise LeanCrashed("The Lean process of this file died.")
        return asking.result()
    finally:
        asking.cancel()
        ending.cancel()
        await asyncio.gather(asking, ending, return_exceptions=True)


async def complete_diagnostics(
    uri: str, text: str, record: VersionRecord, transport: Transport, gates: Gates, timeout_s: float
) -> tuple[Diagnostic, ...]:
    """All messages about one version of a document, by place; see `api.Document.diagnostics` for what is raised."""
    await _wait_for_answer(uri, record, transport, timeout_s)

    def is_known() -> bool:
        return record.is_superseded or _is_settled(record) or header_failure(uri, text, record) is not None

    await record.wait_until(is_known, SETTLE_S)
    if gates.has(Gate.LATE_DIAGNOSTICS) and not record.diagnostics:
        known = record.publications
        await record.wait_until(lambda: record.is_superseded or record.publications > known, LATE_DIAGNOSTICS_S)
    if record.is_superseded:
        raise StaleDocument("The document changed while Lean was checking it.")
    if (failure := header_failure(uri, text, record)) is not None:
        raise failure
    if not _is_settled(record):
        raise _unsettled(uri, record)
    return tuple(sorted(record.diagnostics, key=lambda d: d.range.start))


def header_failure(uri: str, text: str, record: VersionRecord) -> SidekickError | None:
    """Why Lean could not begin with the file's commands, in one sentence; None if it could, as far as is known."""
    file = file_name(uri)
    header = find_header(text)
    last_line = text.count("\n", 0, header.end)
    errors = [d for d in record.diagnostics if d.is_error]
    for error in errors:
        if imports_must_be_rebuilt(error):
            return ImportsOutOfDate(
                f"The imports of {file} are out of date: restart the file in your editor, or run `lake build`, "
                "and try again."
            )
        if error.range.start.line > last_line:
            continue
        if (name := failed_import(error)) is not None:
            module = next((m for m in header.imports if m == name or m.startswith(f"{name}.")), name)
            return ImportsOutOfDate(
                f"{file} cannot be checked because `{module}` cannot be imported: build it in your editor or with "
                "`lake build`, or correct the import."
            )
        if (object_file := foreign_object_file(error)) is not None:
            return ImportsOutOfDate(
                f"{file} cannot be checked because {object_file} was built by another version of Lean: build it again "
                "in your editor or with `lake build`."
            )
    if not record.is_fatal:
        return None
    if not errors:
        return LeanCrashed(f"The Lean process of {file} died.")
    return InputError(f"Lean cannot get past the header of {file}: {_first_line(errors[0].message)}")


def file_name(uri: str) -> str:
    """What messages call a document."""
    return unquote(uri.rpartition("/")[2]) or uri


async def _wait_for_answer(uri: str, record: VersionRecord, transport: Transport, timeout_s: float) -> None:
    loop = asyncio.get_running_loop()
    deadline = loop.time() + timeout_s
    params = {"uri": uri, "version": record.version}
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            await ask(record, transport, "textDocument/waitForDiagnostics", params, max(0.0, deadline - loop.time()))
            return
        except StaleDocument:
            # An older Lean refuses what it was asked while it started a new worker for the same text: ask again.
            if record.is_superseded or attempt == _ATTEMPTS:
                raise


def _is_settled(record: VersionRecord) -> bool:
    return record.publications > 0 and (record.is_done or record.is_fatal)


def _unsettled(uri: str, record: VersionRecord) -> SidekickError:
    """Lean stopped without a word about the end: a header that failed, to a Lean of 2021."""
    errors = [d for d in record.diagnostics if d.is_error]
    if errors:
        return InputError(f"Lean cannot get past the header of {file_name(uri)}: {_first_line(errors[0].message)}")
    return ProtocolError(f"Lean says that it is done with {file_name(uri)}, but never reported its end.")


def _first_line(message: str) -> str:
    return message.strip().partition("\n")[0]
