"""The premises of a project: what a place may use, and which of it helps or says something.

What is on disk is opened with the first question. It is brought up to date, or built, when somebody asks for that, in
the background: until then, and where there is nothing yet, questions are answered without, and nobody waits. Where
premises stand and what `note` says is for people to see.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol
from urllib.parse import unquote, urlparse

from attrs import define, field, frozen

from lean_sidekick.core.errors import InputError, SidekickError
from lean_sidekick.core.goals import Goal
from lean_sidekick.core.premises import Premise
from lean_sidekick.engine.api import DocumentText, PremiseFinding
from lean_sidekick.lean.header import find_header
from lean_sidekick.premises.api import Accessible, FoundPremise, Retriever
from lean_sidekick.premises.corpus import module_of
from lean_sidekick.premises.sources import closure

if TYPE_CHECKING:
    from lean_sidekick.premises.retriever import LocalRetriever

logger = logging.getLogger(__name__)


@frozen(kw_only=True)
class Library:
    """What was opened: a retriever, the imports of each module, and where a module's source lies.

    `list_names` gives all premises with their modules, in an order that stays; `find_source` looks at the disk; both
    may be slow. `close` ends what the retriever needs.
    """

    retriever: Retriever
    imports: Mapping[str, Sequence[str]]
    list_names: Callable[[], Sequence[tuple[str, str]]]
    find_source: Callable[[str], Path | None]
    close: Callable[[], Awaitable[None]]


class Shelf(Protocol):
    """Where libraries come from."""

    async def open(self) -> Library | None:
        """What is there already, None if there is nothing. Raises SidekickError."""

    async def build(self, report: Callable[[str], None]) -> Library:
        """Brings it up to date, says in words how far that is, and opens it. Raises SidekickError."""


class _EmptyShelf:
    """Nothing, ever."""

    async def open(self) -> Library | None:
        return None

    async def build(self, report: Callable[[str], None]) -> Library:
        raise InputError("There are no premises of other files here.")


@define(kw_only=True)
class ProjectPremises:
    """See the module. What went wrong is in `note`; questions are answered all the same."""

    root: Path
    shelf: Shelf
    note: str = field(default="", init=False)
    _library: Library | None = field(default=None, init=False)
    _alone: "LocalRetriever | None" = field(default=None, init=False)
    _opening: asyncio.Task[None] | None = field(default=None, init=False)
    _building: asyncio.Task[None] | None = field(default=None, init=False)

    def refresh(self) -> None:
        """Begins to build in the background, unless that was begun."""
        if self._building is None:
            self._building = asyncio.create_task(self._build())

    async def ready(self) -> None:
        """Waits until there is something to answer from, or there cannot be: what is on disk will do."""
        await self._open()
        if self._library is None:
            self.refresh()
        if self._building is not None and self._library is None:
            await asyncio.shield(self._building)

    async def of_imports(self, document: DocumentText, goal: Goal, k: int) -> Sequence[Premise]:
        """At most `k` premises of other files for a goal, best first; none where nothing is built."""
        await self._open()
        if self._library is None:
            return ()
        found = await self._library.retriever.for_goal(goal, self._accessible(document, ()), k)
        return [one.premise for one in found]

    async def for_goal(
        self, document: DocumentText, goal: Goal, above: tuple[Premise, ...], k: int
    ) -> Sequence[FoundPremise]:
        """At most `k` premises for a goal: of `above`, and of what the document imports; best first."""
        await self._open()
        return await self._retriever().for_goal(goal, self._accessible(document, above), k)

    async def for_words(
        self, document: DocumentText | None, words: str, above: tuple[Premise, ...], k: int
    ) -> Sequence[FoundPremise]:
        """At most `k` premises that a question in words is about; without a document, of all that is there.

        Raises InputError for an empty question.
        """
        await self._open()
        accessible = Accessible() if document is None else self._accessible(document, above)
        return await self._retriever().for_words(words, accessible, k)

    async def locate(self, found: Sequence[FoundPremise], uri: str | None) -> tuple[PremiseFinding, ...]:
        """The premises with the URIs of their sources; those without a module stand in the document at `uri`."""
        modules = {one.premise.module for one in found if one.premise.module is not None}
        places = await asyncio.to_thread(self._find_sources, modules)
        return tuple(
            PremiseFinding(
                premise=one.premise,
                reasons=one.reasons,
                uri=uri if one.premise.module is None else places.get(one.premise.module),
            )
            for one in found
        )

    async def library(self) -> Library:
        """What is loaded, as soon as it is. Raises InputError where nothing could be."""
        await self.ready()
        if self._library is None:
            raise InputError(self.note or "There are no premises of other files here.")
        return self._library

    async def close(self) -> None:
        """Ends the building, and what was opened."""
        tasks = {task for task in (self._opening, self._building) if task is not None}
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)
        if self._library is not None:
            await self._library.close()
        if self._alone is not None:
            self._alone.close()

    async def _open(self) -> None:
        if self._opening is None:
            self._opening = asyncio.create_task(self._take(self.shelf.open))
        await asyncio.shield(self._opening)

    async def _build(self) -> None:
        self._report("it has just begun")
        await self._open()
        await self._take(lambda: self.shelf.build(self._report))

    async def _take(self, get: Callable[[], Awaitable[Library | None]]) -> None:
        try:
            library = await get()
        except SidekickError as error:
            logger.warning("premises of imports are not looked up: %s", error)
            self.note = f"Only the open file was searched: {error}" if self._library is None else ""
            return
        if library is not None:
            self._library = library
            self.note = ""

    def _report(self, progress: str) -> None:
        if self._library is None:
            self.note = f"Only the open file was searched, the index is being built: {progress}."

    def _retriever(self) -> Retriever:
        if self._library is not None:
            return self._library.retriever
        if self._alone is None:
            from lean_sidekick.premises.retriever import LocalRetriever  # numpy comes with it

            self._alone = LocalRetriever.from_files(())
        return self._alone

    def _accessible(self, document: DocumentText, above: tuple[Premise, ...]) -> Accessible:
        return Accessible(modules=self._modules(document.text), above=above, module=self._module(document.uri))

    def _modules(self, text: str) -> frozenset[str] | None:
        if self._library is None:
            return None
        return frozenset(closure(("Init", *find_header(text).imports), self._library.imports))

    def _module(self, uri: str) -> str | None:
        path = Path(unquote(urlparse(uri).path))
        return module_of(path.relative_to(self.root).as_posix()) if path.is_relative_to(self.root) else None

    def _find_sources(self, modules: set[str]) -> dict[str, str]:
        if self._library is None:
            return {}
        found = {module: self._library.find_source(module) for module in modules}
        return {module: path.absolute().as_uri() for module, path in found.items() if path is not None}


def no_premises() -> ProjectPremises:
    """Nothing but the open file."""
    return ProjectPremises(root=Path.cwd(), shelf=_EmptyShelf())
