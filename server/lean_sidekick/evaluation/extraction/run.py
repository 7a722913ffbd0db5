"""An extraction: the files of a project through a pool of workers into a store, which a later run continues.

Each file is on disk as soon as it is traced, under a key of its text, the Lean and this program; a file that is there
under its key is not traced again, one with an error is. What is in the store does not depend on when a run was
interrupted, nor on the order in which files were done. Memory does not grow with the number of files.
"""

import hashlib
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import aclosing, asynccontextmanager

from attrs import define, field, frozen

from lean_sidekick.core.errors import InputError
from lean_sidekick.engine.session import start_server
from lean_sidekick.evaluation.configuration import program_version
from lean_sidekick.evaluation.extraction.imported import CORPUS, FAILED
from lean_sidekick.evaluation.extraction.store import TracedStore
from lean_sidekick.evaluation.extraction.targets import Target, Targets
from lean_sidekick.evaluation.extraction.traced import TracedFile
from lean_sidekick.evaluation.extraction.tracer import DOCUMENT, FileTracer, Patience, TraceResult
from lean_sidekick.evaluation.pool import Pool
from lean_sidekick.lean.server import LeanServer
from lean_sidekick.lean.worker_memory import worker_memory
from lean_sidekick.premises.sources import Sources
from lean_sidekick.settings.settings import Settings


@frozen(kw_only=True)
class FileTracers:
    """Makes a tracer with a Lean of its own for every worker, in the project of `sources`; see `pool.Workers`."""

    sources: Sources
    settings: Settings
    patience: Patience = field(factory=Patience)

    @asynccontextmanager
    async def open(self, number: int) -> AsyncIterator[FileTracer]:
        """See `Workers.open`."""
        root = self.sources.project.root
        server = await start_server(root, self.settings)
        tracer = FileTracer(
            server=server,
            uri=(root / f"{number or ''}{DOCUMENT}").as_uri(),
            path_of=ModulePaths(self.sources).path_of,
            worker_memory=lambda: 0 if server.pid is None else worker_memory(server.pid),
            patience=self.patience,
        )
        try:
            yield tracer
        finally:
            await _close(tracer, server)


async def _close(tracer: FileTracer, server: LeanServer) -> None:
    try:
        await tracer.close()
    finally:
        await server.close()


@define
class ModulePaths:
    """The paths of modules, looked up once each."""

    _sources: Sources
    _found: dict[str, str | None] = field(factory=dict, init=False)

    def path_of(self, module: str) -> str | None:
        """The path that the corpus has for a module, None if its source is not there."""
        if module not in self._found:
            source = self._sources.find(module)
            self._found[module] = None if source is None else source.path
        return self._found[module]


@frozen(kw_only=True)
class FileOutcome:
    """What came of a file, for whoever watches: its path, theorems, how many of them complete, steps, what is wrong.

    `error` is why nothing was traced, None if it was; `error_count` how many errors Lean reported in it, and
    `first_error` the first of them.
    """

    path: str
    theorems: int
    complete: int
    steps: int
    error: str | None
    error_count: int
    first_error: str

    @classmethod
    def of(cls, result: TraceResult) -> "FileOutcome":
        """The outcome of a tracer's result."""
        file = result.file
        return cls(
            path=file.path,
            theorems=len(file.theorems),
            complete=sum(theorem.is_complete for theorem in file.theorems),
            steps=sum(len(theorem.steps) for theorem in file.theorems),
            error=file.error,
            error_count=result.error_count,
            first_error=result.first_error,
        )


@frozen(kw_only=True)
class Extraction:
    """What is to be traced, by which Lean; `lean` tells one from another."""

    targets: Targets
    lean: str

    def key(self, target: Target) -> str:
        """What a traced file depends on: its text, the Lean and the program. Imports are Lean's to watch over."""
        text = f"{target.path}\0{target.module}\0{target.digest}\0{self.lean}\0{program_version()}"
        return hashlib.sha256(text.encode()).hexdigest()[:32]

    def done_count(self, store: TracedStore) -> int:
        """How many of the targets are traced already."""
        return sum(1 for target in self.targets.read() if _is_done(store, target, self.key(target)))

    async def outcomes(self, pool: Pool[Target, TraceResult], store: TracedStore) -> AsyncGenerator[FileOutcome, None]:
        """Traces what is not done yet, in any order; every outcome is in the store when it is told.

        Raises what a tracer raises, and InputError where a target cannot be read or the store not be written.
        """
        async with aclosing(pool.results(self._waiting(store))) as results:
            async for done in results:
                try:
                    store.add(done.result.file, _stored_key(done.result, self.key(done.task)))
                except OSError as error:
                    raise InputError(f"{store.path} cannot be written: {error.strerror or error}.") from None
                yield FileOutcome.of(done.result)

    def _waiting(self, store: TracedStore) -> Iterator[Target]:
        for target in self.targets.read():
            if not _is_done(store, target, self.key(target)):
                yield target

    def selected(self, store: TracedStore, *, with_imported: bool) -> "SelectedFiles":
        """The targets as the store has them, and the files whose proofs were not wanted; see `layout.TracedFiles`."""
        wanted = self.paths()

        def is_selected(path: str) -> bool:
            return path in wanted or (with_imported and (store.key(path) or "").startswith(CORPUS))

        return SelectedFiles(store=store, paths=tuple(path for path in store.paths if is_selected(path)))

    def paths(self) -> frozenset[str]:
        """The paths of the targets."""
        return frozenset(target.path for target in self.targets.read())


def _is_done(store: TracedStore, target: Target, key: str) -> bool:
    return store.key(target.path) == key


def _stored_key(result: TraceResult, key: str) -> str:
    """A file with an error is in the store, but not as done."""
    return key if result.file.error is None else f"{FAILED}{key}"


@frozen(kw_only=True)
class SelectedFiles:
    """Some files of a store; see `layout.TracedFiles`."""

    store: TracedStore
    paths: tuple[str, ...]

    def read(self, path: str) -> TracedFile:
        """One of them. Raises InputError if it is damaged."""
        return self.store.read(path)
