"""The rest of the corpus of an extraction: the files that the traced ones import, and those that could not be traced.

They come from Lean's environment, or from their sources, as for the index of premises (`premises.project_corpus`). Each
is in the store as soon as it is read and is not read again while its source and object file stay as they are. Proofs
of packages are not traced.
"""

import asyncio
from collections.abc import AsyncGenerator, Collection

from attrs import evolve, frozen

from lean_sidekick.core.premises import CorpusFile
from lean_sidekick.evaluation.extraction.store import TracedStore
from lean_sidekick.evaluation.extraction.traced import TracedFile
from lean_sidekick.lean.api import DocumentServer
from lean_sidekick.premises.corpus import OnSkipped
from lean_sidekick.premises.project_corpus import CorpusProgress, ProjectCorpus
from lean_sidekick.premises.sources import Sources


@frozen(kw_only=True)
class ImportedFiles:
    """Reads what the files of one project import; `lean` tells one Lean from another."""

    sources: Sources
    server: DocumentServer
    lean: str
    on_skipped: OnSkipped

    async def read(self, store: TracedStore, traced: Collection[str]) -> AsyncGenerator[CorpusProgress, None]:
        """Puts into the store what is not there; `traced` are the paths that an extraction goes over.

        Paths of the project and of what it imports that were read once are in the store for good. Raises nothing
        where Lean cannot be used: then sources are scanned.
        """
        progress: list[CorpusProgress] = []
        corpus = ProjectCorpus(
            sources=self.sources, server=self.server, on_skipped=self.on_skipped, on_progress=progress.append
        )
        skip = await asyncio.to_thread(self._known, store, frozenset(traced))
        async for file in corpus.read(skip):
            await asyncio.to_thread(self._add, store, file)
            if progress:
                yield progress[-1]

    def _known(self, store: TracedStore, traced: frozenset[str]) -> frozenset[str]:
        """The modules that need not be read again."""
        found = set()
        for path in store.paths:
            key = store.key(path) or ""
            if path in traced:
                file = None if key.startswith(FAILED) else store.read(path)
            else:
                file = store.read(path)
                if key != self._key(file.premises.module):
                    file = None
            if file is not None:
                found.add(file.premises.module)
        return frozenset(found)

    def _add(self, store: TracedStore, file: CorpusFile) -> None:
        key = store.key(file.path)
        if key is not None and key.startswith(FAILED):
            store.add(evolve(store.read(file.path), premises=file), key)
        else:
            store.add(corpus_only(file), self._key(file.module))

    def _key(self, module: str) -> str:
        source = self.sources.find(module)
        return f"{CORPUS}{self.lean} {'' if source is None else self.sources.stamp(source)}"


FAILED = "failed "
"""How the key of a file begins that could not be traced."""
CORPUS = "corpus "
"""How the key of a file begins whose proofs were not wanted."""


def corpus_only(file: CorpusFile) -> TracedFile:
    """A file as the corpus has it, without proofs."""
    return TracedFile(premises=file, theorems=(), error=None)
