"""Premises from Lean's own environment: everything that some modules offer, as Lean itself reports it.

A document of our own, which imports the modules asked about, is opened in our Lean server; it is no file, and nothing
of the project changes. It answers in pieces of bounded size, module after module, so that a reader may stop, go on
later with the modules that are missing, and never holds more than one module. A module that Lean does not get through
in time is reported and left out.

It does not decide which modules those are (`project_corpus.py` does) and reads no sources.
"""

import logging
import secrets
from collections import deque
from collections.abc import AsyncGenerator, Iterable, Sequence
from itertools import islice

from attrs import define, frozen

from lean_sidekick.core.errors import InputError, LeanCrashed, TimedOut
from lean_sidekick.core.positions import Position
from lean_sidekick.core.premises import CorpusFile, Premise
from lean_sidekick.lean.api import Document, DocumentServer
from lean_sidekick.lean.spellings import SpelledText, first_error
from lean_sidekick.premises.corpus import OnSkipped, Skipped, module_path
from lean_sidekick.premises.environment_lean import (
    ModuleRow,
    PremiseRow,
    PremisesAnswer,
    header_of,
    modules_command,
    parts,
    premises_command,
    read_modules,
    read_premises,
)

logger = logging.getLogger(__name__)

MODULES_AT_ONCE = 200


@frozen(kw_only=True)
class Pace:
    """How much is asked for at once, and how long an answer may take.

    `characters` and `milliseconds` end an answer from inside Lean; `opening_s` is for loading the imports, `answer_s`
    for one answer, which can only be late if one declaration takes that long.
    """

    characters: int = 200_000
    milliseconds: int = 1500
    opening_s: float = 300.0
    answer_s: float = 60.0


@define
class LeanEnvironment:
    """The imports of one document, ready to be asked; made by `open_environment`, and closed by whoever opened it."""

    modules: tuple[ModuleRow, ...]
    _document: Document
    _definitions: str
    _pace: Pace

    async def read(self, wanted: Iterable[str], on_skipped: OnSkipped) -> AsyncGenerator[CorpusFile, None]:
        """The premises of those wanted modules that are there, module by module, in the order of `modules`.

        Raises LeanUnavailable and LeanCrashed where Lean is gone for good.
        """
        names = frozenset(wanted)
        waiting = deque(index for index, module in enumerate(self.modules) if module.name in names)
        first, rows, alone = 0, list[PremiseRow](), 0
        while waiting:
            # After trouble the modules of that answer are asked for one by one, so that it is known which one makes it.
            batch = [waiting[0]] if alone else list(islice(waiting, MODULES_AT_ONCE))
            try:
                answer = await self._ask(batch, first)
            except (TimedOut, LeanCrashed, InputError) as error:
                logger.info("no answer about %s: %s", self.modules[batch[0]].name, error)
                if len(batch) == 1:
                    on_skipped(Skipped(name=self.modules[waiting.popleft()].name, reason=str(error)))
                    first, rows = 0, []
                alone = len(batch) if len(batch) > 1 else max(0, alone - 1)
                continue
            alone = max(0, alone - answer.done)
            for index in batch[: answer.done]:
                own = [*rows, *(row for row in answer.rows if row.module == index)]
                rows = []
                waiting.popleft()
                yield corpus_file(self.modules[index], own)
            first = answer.next
            if answer.done < len(batch):
                rows += [row for row in answer.rows if row.module == batch[answer.done]]

    async def close(self) -> None:
        """Ends the worker of the document."""
        await self._document.close()

    async def _ask(self, modules: Sequence[int], first: int) -> PremisesAnswer:
        nonce = secrets.token_hex(8)
        pace = self._pace
        command = premises_command(nonce, modules, first, pace.characters, pace.milliseconds)
        text = f"{self._definitions}{command}\n"
        try:
            await self._document.change(text)
            diagnostics = await self._document.diagnostics(pace.answer_s)
        except (TimedOut, LeanCrashed):
            await self._document.reopen(self._definitions)
            await self._document.diagnostics(pace.opening_s)
            raise
        answer = read_premises(nonce, diagnostics)
        if answer is None or (not answer.done and answer.next <= first):
            raise InputError(f"Lean does not say what is in the module: {first_error(diagnostics)}.")
        return answer


async def open_environment(
    server: DocumentServer, uri: str, modules: Sequence[str], pace: Pace | None = None
) -> LeanEnvironment:
    """Opens a document under a URI where no file is, and lists what it imports.

    Raises:
        ImportsOutOfDate, InputError: the modules cannot be imported, or not together, or this Lean cannot be asked.
        TimedOut, LeanCrashed, LeanUnavailable: see `lean.api`.
    """
    pace = pace or Pace()
    text = SpelledText(header_of(modules), parts(), "its premises")
    document = await server.open(uri, text.text)
    try:
        while not text.take(await document.diagnostics(pace.opening_s)):
            await document.change(text.text)
        rows = [row async for row in _list_modules(document, text.text, pace)]
    except BaseException:
        await document.close()
        raise
    return LeanEnvironment(tuple(rows), document, text.text, pace)


async def _list_modules(document: Document, definitions: str, pace: Pace) -> AsyncGenerator[ModuleRow, None]:
    first = 0
    while True:
        nonce = secrets.token_hex(8)
        await document.change(f"{definitions}{modules_command(nonce, first, pace.characters)}\n")
        diagnostics = await document.diagnostics(pace.opening_s)
        answer = read_modules(nonce, diagnostics)
        if answer is None:
            raise InputError(f"Lean does not list its modules: {first_error(diagnostics)}.")
        for row in answer.rows:
            yield row
        if answer.next <= first:
            return
        first = answer.next


def corpus_file(module: ModuleRow, rows: Sequence[PremiseRow]) -> CorpusFile:
    """What Lean said of a module, in the order of its file; the path is that of the module.

    A `module` of today imports some modules twice: once for its text, once for its compile-time programs.
    """
    return CorpusFile(
        path=module_path(module.name),
        module=module.name,
        imports=tuple(dict.fromkeys(module.imports)),
        premises=tuple(
            Premise(
                full_name=row.name,
                kind=row.kind,
                statement=row.statement.strip(),
                module=module.name,
                doc=row.doc,
                start=row.start,
                end=row.end,
                attributes=row.attributes,
                deprecated=row.deprecated,
                constants=row.constants,
                uses=row.uses,
            )
            for row in _in_order(rows)
            if row.statement is not None
        ),
    )


def _in_order(rows: Sequence[PremiseRow]) -> list[PremiseRow]:
    """In the order of the file; what Lean made from a declaration stands right after it."""
    starts = {row.name: row.start for row in rows if row.start is not None}
    last = Position(2**31, 0)

    def place(row: PremiseRow) -> tuple[Position, bool, str]:
        name = row.name
        while name not in starts and "." in name:
            name = name.rpartition(".")[0]
        return starts.get(name, last), row.start is None, row.name

    return sorted(rows, key=place)
