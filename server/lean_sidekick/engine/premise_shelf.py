"""Where a project's premises come from: its indexes on disk, and without a Lean, its sources.

Building goes on in a process of its own (`premise_library.py`); without a Lean there is nothing that an index could be
kept under, so sources are read into memory.
"""

import asyncio
import logging
import os
from collections.abc import Awaitable, Callable
from pathlib import Path

from attrs import define, field

from lean_sidekick.core.errors import InputError, LeanUnavailable
from lean_sidekick.engine.premise_library import PremiseLibrary
from lean_sidekick.engine.premises import Library
from lean_sidekick.lean.project import find_project
from lean_sidekick.lean.toolchain import Toolchain
from lean_sidekick.premises.project_corpus import ProjectCorpus
from lean_sidekick.premises.sources import Sources
from lean_sidekick.settings.paths import cache_folder

logger = logging.getLogger(__name__)


@define
class ProjectShelf:
    """See `premises.Shelf`. `find_lean` raises LeanUnavailable where there is no Lean."""

    root: Path
    find_lean: Callable[[], Awaitable[Toolchain]]
    _indexed: PremiseLibrary | None = field(default=None, init=False)

    async def open(self) -> Library | None:
        """See `premises.Shelf`."""
        try:
            toolchain = await self.find_lean()
        except LeanUnavailable:
            return None
        return await self._open(toolchain)

    async def build(self, report: Callable[[str], None]) -> Library:
        """See `premises.Shelf`."""
        try:
            toolchain = await self.find_lean()
        except LeanUnavailable as error:
            logger.info("premises come from sources alone: %s", error)
            return await self._scan(report)
        library = self._library(toolchain)
        await library.refresh(lambda progress: report(f"{progress.done} of {progress.total} modules are done"))
        opened = await self._open(toolchain)
        if opened is None:
            raise InputError("No premise could be indexed: `lean-sidekick index` in the project says why.")
        return opened

    def _library(self, toolchain: Toolchain) -> PremiseLibrary:
        if self._indexed is None:
            self._indexed = PremiseLibrary(self.root, toolchain)
        return self._indexed

    async def _open(self, toolchain: Toolchain) -> Library | None:
        from lean_sidekick.premises.project_index import project_index

        project = find_project(self.root)
        index = await asyncio.to_thread(project_index, cache_folder(), project, toolchain, os.environ)
        imports = await asyncio.to_thread(index.imports)
        if not imports:
            return None
        sources = Sources(project, toolchain, os.environ)
        library = self._library(toolchain)
        return Library(
            retriever=library,
            imports=imports,
            list_names=index.names,
            find_source=lambda module: _file_of(sources, module),
            close=library.close,
        )

    async def _scan(self, report: Callable[[str], None]) -> Library:
        from lean_sidekick.premises.retriever import LocalRetriever

        sources = Sources(find_project(self.root), None, os.environ)
        corpus = ProjectCorpus(
            sources=sources,
            server=None,
            on_skipped=lambda skipped: logger.info("left out of the premises: %s, %s", skipped.name, skipped.reason),
            on_progress=lambda progress: report(f"{progress.done} of {progress.total} modules are done"),
        )
        files = [file async for file in corpus.read()]
        retriever = await asyncio.to_thread(LocalRetriever.from_files, files)

        async def close() -> None:
            retriever.close()

        return Library(
            retriever=retriever,
            imports={file.module: file.imports for file in files},
            list_names=lambda: [(premise.full_name, file.module) for file in files for premise in file.premises],
            find_source=lambda module: _file_of(sources, module),
            close=close,
        )


def _file_of(sources: Sources, module: str) -> Path | None:
    source = sources.find(module)
    return None if source is None else source.file
