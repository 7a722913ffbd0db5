"""The corpus of a project: its modules and all that they import, from Lean where Lean can say it, else from sources.

One `CorpusFile` at a time, imports before what imports them; nothing of the project is changed or built. What Lean
reports is joined with the attributes that the source writes down, for Lean can be asked for few of them by name.

Imports that are not built, or that do not go together in one document, are found by halving the list; each module that
Lean cannot import is scanned. What can neither be imported nor found is reported and left out. Modules named in `skip`
are there already: so a run that was stopped goes on where it was.
"""

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable, Container, Sequence
from pathlib import Path

from attrs import define, evolve, field, frozen

from lean_sidekick.core.errors import ImportsOutOfDate, InputError, LeanCrashed, LeanUnavailable, TimedOut
from lean_sidekick.core.premises import CorpusFile
from lean_sidekick.lean.api import DocumentServer
from lean_sidekick.premises.corpus import OnSkipped, Skipped
from lean_sidekick.premises.environment import LeanEnvironment, Pace, open_environment
from lean_sidekick.premises.source_scan import KnownNames, read_source, written_attributes
from lean_sidekick.premises.sources import SourceFile, Sources, closure, read_imports

logger = logging.getLogger(__name__)

DOCUMENT = "LeanSidekickPremises.lean"
"""The name of the document that asks; no such file is ever written."""


@frozen(kw_only=True)
class CorpusProgress:
    """`done` of `total` modules are read, `module` was the last; the total may still grow."""

    done: int
    total: int
    module: str


@define(kw_only=True)
class ProjectCorpus:
    """Reads the corpus of one project. Without a `server` all comes from sources."""

    sources: Sources
    server: DocumentServer | None
    on_skipped: OnSkipped
    on_progress: Callable[[CorpusProgress], None]
    pace: Pace = field(factory=Pace)
    _done: set[str] = field(factory=set, init=False)
    _total: set[str] = field(factory=set, init=False)

    async def read(self, skip: Container[str] = frozenset()) -> AsyncGenerator[CorpusFile, None]:
        """The files of the corpus but for those of the modules to skip.

        Raises nothing where Lean cannot be used: then sources are scanned.
        """
        own = await asyncio.to_thread(self.sources.own)
        imports = await asyncio.to_thread(self._read_all_imports, own)
        roots = list(dict.fromkeys(["Init", *(name for names in imports.values() for name in names), *imports]))
        if self.server is not None:
            built = await asyncio.to_thread(lambda: [name for name in roots if self.sources.is_built(name)])
            async for file in self._read_environments(built, skip):
                yield file
        async for file in self._scan(roots, skip):
            yield file

    def _read_all_imports(self, own: Sequence[SourceFile]) -> dict[str, tuple[str, ...]]:
        found: dict[str, tuple[str, ...]] = {}
        for source in own:
            try:
                found[source.module] = read_imports(source.file)
            except OSError as error:
                self.on_skipped(Skipped(name=source.path, reason=f"it cannot be read: {error.strerror or error}"))
        return found

    async def _read_environments(self, built: list[str], skip: Container[str]) -> AsyncGenerator[CorpusFile, None]:
        """The modules that Lean can import, in as few documents as it takes."""
        groups = [built]
        while groups:
            group = groups.pop()
            if all(name in self._done for name in group):
                continue
            try:
                environment = await self._open(group)
            except (ImportsOutOfDate, InputError, LeanCrashed, TimedOut) as error:
                logger.info("%d modules cannot be imported together: %s", len(group), error)
                half = (len(group) + 1) // 2
                groups += [group[half:], group[:half]] if len(group) > 1 else []
                continue
            except LeanUnavailable as error:
                self.on_skipped(Skipped(name="Lean", reason=f"{error} What sources say is used instead."))
                return
            try:
                async for file in self._read_environment(environment, group, skip):
                    yield file
            except (LeanCrashed, LeanUnavailable) as error:
                self.on_skipped(Skipped(name="Lean", reason=f"{error} What sources say is used for the rest."))
                return
            finally:
                await environment.close()

    async def _open(self, modules: Sequence[str]) -> LeanEnvironment:
        assert self.server is not None
        uri = (self.sources.project.root / DOCUMENT).as_uri()
        return await open_environment(self.server, uri, modules, self.pace)

    async def _read_environment(
        self, environment: LeanEnvironment, roots: Sequence[str], skip: Container[str]
    ) -> AsyncGenerator[CorpusFile, None]:
        needed = [
            name
            for name in closure(roots, {module.name: module.imports for module in environment.modules})
            if name not in self._done
        ]
        self._total.update(needed)
        self._done.update(name for name in needed if name in skip)

        def left_out(skipped: Skipped) -> None:
            self._finish(skipped.name)
            self.on_skipped(skipped)

        async for file in environment.read([name for name in needed if name not in skip], left_out):
            yield await asyncio.to_thread(self._with_source, file)
            self._finish(file.module)

    async def _scan(self, roots: Sequence[str], skip: Container[str]) -> AsyncGenerator[CorpusFile, None]:
        """The sources of all that is not done yet."""
        files: dict[str, SourceFile] = {}
        imports: dict[str, tuple[str, ...]] = {}
        waiting = list(roots)
        while waiting:
            module = waiting.pop()
            if module in self._done or module in imports:
                continue
            imports[module] = ()
            source = await asyncio.to_thread(self.sources.find, module)
            if source is None:
                self.on_skipped(Skipped(name=module, reason="it is not built, and its source was not found"))
                continue
            try:
                imports[module] = await asyncio.to_thread(read_imports, source.file)
            except OSError as error:
                self.on_skipped(Skipped(name=source.path, reason=f"it cannot be read: {error.strerror or error}"))
                continue
            files[module] = source
            waiting += imports[module]
        self._total.update(files)
        known = KnownNames()
        for module in closure(sorted(files), imports):
            if module not in files:
                continue
            file = await asyncio.to_thread(self._read_source, files[module], known)
            # One that is there already is read for its names alone.
            if file is not None and module not in skip:
                yield evolve(file, imports=imports[module])
            self._finish(module)

    def _read_source(self, source: SourceFile, known: KnownNames) -> CorpusFile | None:
        text = self._text(source.file)
        if text is None:
            return None
        return read_source(text, source.path, source.module, known)

    def _with_source(self, file: CorpusFile) -> CorpusFile:
        """What Lean reported of a module, with the path of its source and the attributes that stand there."""
        source = self.sources.find(file.module)
        if source is None or (text := self._text(source.file)) is None:
            return file
        written = written_attributes(text)
        return evolve(
            file,
            path=source.path,
            premises=tuple(
                evolve(premise, attributes=tuple(dict.fromkeys((*premise.attributes, *written[premise.full_name]))))
                if premise.full_name in written
                else premise
                for premise in file.premises
            ),
        )

    def _text(self, file: Path) -> str | None:
        try:
            return file.read_bytes().decode("utf-8", errors="replace")
        except OSError as error:
            self.on_skipped(Skipped(name=str(file), reason=f"it cannot be read: {error.strerror or error}"))
            return None

    def _finish(self, module: str) -> None:
        self._done.add(module)
        self.on_progress(CorpusProgress(done=len(self._done), total=len(self._total), module=module))
