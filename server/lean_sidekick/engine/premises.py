"""The premises of a project, as far as they are loaded: what a place may use, and which of it helps or says something.

Loading begins with the first question of a person, or when it is asked for, and goes on in the background; until it is
done, questions are answered from the open file alone, and nobody waits.
Where premises stand and what `note` says is for people to see.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from attrs import define, field, frozen

from lean_sidekick.core.errors import InputError, SidekickError
from lean_sidekick.core.goals import Goal
from lean_sidekick.core.premises import Premise
from lean_sidekick.engine.api import DocumentText, PremiseFinding
from lean_sidekick.engine.file_uris import to_path
from lean_sidekick.lean.header import find_header
from lean_sidekick.premises.api import Accessible, FoundPremise, Retriever
from lean_sidekick.premises.corpus import module_of
from lean_sidekick.premises.sources import closure

if TYPE_CHECKING:
    from lean_sidekick.premises.retriever import LocalRetriever

logger = logging.getLogger(__name__)


@frozen(kw_only=True)
class Library:
    """What was loaded: a retriever, the imports of each module, and where a module's source lies.

    `in_search` is the retriever for questions of a search, which ask often. `list_names` gives all premises with their
    modules, in an order that stays; `find_source` looks at the disk; both may be slow. `models_ready` waits for models
    that help to rank (for words, if it is told so), `say_trouble` says which of them are left out. `close` ends what
    the retriever needs.
    """

    retriever: Retriever
    in_search: Retriever
    imports: Mapping[str, Sequence[str]]
    list_names: Callable[[], Sequence[tuple[str, str]]]
    find_source: Callable[[str], Path | None]
    models_ready: Callable[[bool], Awaitable[None]]
    say_trouble: Callable[[], str]
    close: Callable[[], Awaitable[None]]


Load = Callable[[Callable[[str], None], bool], Awaitable[Library]]
"""Loads a library, and says in words how far it is; whether it builds one is the second argument."""


@define(kw_only=True)
class ProjectPremises:
    """Loads once, when it is first asked. What goes wrong then is in `note`, and only the open file is answered from.

    Without `load` there is nothing but the open file.
    """

    root: Path
    load: Load | None
    _note: str = field(default="", init=False)
    _library: Library | None = field(default=None, init=False)
    _alone: "LocalRetriever | None" = field(default=None, init=False)
    _loading: asyncio.Task[None] | None = field(default=None, init=False)

    @property
    def note(self) -> str:
        """What answers lack and why, "" for nothing."""
        trouble = "" if self._library is None else self._library.say_trouble()
        return " ".join(filter(None, (self._note, trouble)))

    def start(self) -> None:
        """Begins to load in the background, unless that was begun."""
        if self._loading is None and self.load is not None:
            self._loading = asyncio.create_task(self._load(self.load, builds=True))

    async def open(self) -> None:
        """Opens what is indexed, as it is; where there is nothing, nothing is built."""
        if self._loading is None and self.load is not None:
            self._loading = asyncio.create_task(self._load(self.load, builds=False))
            await asyncio.shield(self._loading)

    async def ready(self, *, for_words: bool = False) -> None:
        """Waits until all is loaded, or could not be; models that help to rank goals (or words) too."""
        self.start()
        if self._loading is not None:
            await asyncio.shield(self._loading)
        if self._library is not None:
            await self._library.models_ready(for_words)

    async def of_imports(self, document: DocumentText, goal: Goal, k: int) -> Sequence[Premise]:
        """At most `k` premises of other files for a goal, best first; none while nothing is loaded.

        Does not begin to load: a search must not share the machine with that unasked.
        """
        if self._library is None:
            return ()
        found = await self._library.in_search.for_goal(goal, self._accessible(document, ()), k)
        return [one.premise for one in found]

    async def for_goal(
        self, document: DocumentText, goal: Goal, above: tuple[Premise, ...], k: int
    ) -> Sequence[FoundPremise]:
        """At most `k` premises for a goal: of `above`, and of what the document imports; best first."""
        self.start()
        return await (await self._retriever()).for_goal(goal, self._accessible(document, above), k)

    async def for_words(
        self, document: DocumentText | None, words: str, above: tuple[Premise, ...], k: int
    ) -> Sequence[FoundPremise]:
        """At most `k` premises that a question in words is about; without a document, of all that is there.

        Raises InputError for an empty question.
        """
        self.start()
        accessible = Accessible() if document is None else self._accessible(document, above)
        return await (await self._retriever()).for_words(words, accessible, k)

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
        """Ends the loading, and what was loaded."""
        if self._loading is not None:
            self._loading.cancel()
            await asyncio.wait({self._loading})
        if self._library is not None:
            await self._library.close()
        if self._alone is not None:
            self._alone.close()

    async def _load(self, load: Load, *, builds: bool) -> None:
        try:
            self._library = await load(self._report, builds)
            self._note = ""
        except SidekickError as error:
            # Who opens what is there expects that nothing may be.
            level = logging.WARNING if builds else logging.INFO
            logger.log(level, "premises of imports are not looked up: %s", error)
            self._note = f"Only the open file was searched: {error}"

    def _report(self, progress: str) -> None:
        self._note = f"Only the open file was searched, the index is being built: {progress}."

    async def _retriever(self) -> Retriever:
        if self._library is not None:
            return self._library.retriever
        if self._alone is None:
            made = await asyncio.to_thread(_make_retriever)
            if self._alone is None:
                self._alone = made
            else:
                made.close()
        return self._alone

    def _accessible(self, document: DocumentText, above: tuple[Premise, ...]) -> Accessible:
        return Accessible(modules=self._modules(document.text), above=above, module=self._module(document.uri))

    def _modules(self, text: str) -> frozenset[str] | None:
        if self._library is None:
            return None
        return frozenset(closure(("Init", *find_header(text).imports), self._library.imports))

    def _module(self, uri: str) -> str | None:
        path = to_path(uri)
        if path is None or not path.is_relative_to(self.root):
            return None
        return module_of(path.relative_to(self.root).as_posix())

    def _find_sources(self, modules: set[str]) -> dict[str, str]:
        if self._library is None:
            return {}
        found = {module: self._library.find_source(module) for module in modules}
        return {module: path.absolute().as_uri() for module, path in found.items() if path is not None}


def _make_retriever() -> "LocalRetriever":
    """A retriever without an index; numpy comes with it, so it is made on a thread."""
    from lean_sidekick.premises.retriever import LocalRetriever

    return LocalRetriever.from_files(())


def no_premises() -> ProjectPremises:
    """Nothing but the open file."""
    return ProjectPremises(root=Path.cwd(), load=None)
