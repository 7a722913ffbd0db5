"""The indexes of one project: one that projects with the same dependencies share, and one of its own modules.

The shared one is keyed by the toolchain and the revisions of all packages: what it holds never changes, modules are
only added. A module of the project's own is read again when its source or its object file changed. A refresh that is
interrupted goes on where it was, one that was killed a few seconds before that; an index that is damaged is thrown
away and made anew.
"""

import asyncio
import hashlib
import logging
from collections.abc import Callable, Iterator, Mapping, Set
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import numpy as np
from attrs import frozen

from lean_sidekick.core.errors import IndexDamaged, InputError
from lean_sidekick.core.premises import CorpusFile
from lean_sidekick.lean.api import DocumentServer
from lean_sidekick.lean.fingerprint import dependencies_key
from lean_sidekick.lean.project import Project
from lean_sidekick.lean.toolchain import Toolchain
from lean_sidekick.premises.corpus import OnSkipped, module_path, read_corpus, write_corpus
from lean_sidekick.premises.index import IndexWriter, PremiseIndex
from lean_sidekick.premises.project_corpus import CorpusProgress, ProjectCorpus
from lean_sidekick.premises.segment import Segment
from lean_sidekick.premises.sources import Sources

logger = logging.getLogger(__name__)

FOLDER = "premises"
_KEY_LENGTH = 24
_FIXED = "by revision"


@frozen(kw_only=True)
class ProjectIndex:
    """Where the premises of one project are indexed."""

    shared: PremiseIndex
    own: PremiseIndex

    def segments(self, encoder: str | None = None) -> tuple[Segment, ...]:
        """What is indexed now, with vectors by an encoder; a damaged index is thrown away, with one line in the log."""

        def read(index: PremiseIndex) -> tuple[Segment, ...]:
            return index.segments(encoder)

        return (*_or_nothing(self.shared, read), *_or_nothing(self.own, read))

    def size(self) -> int:
        """How many premises are indexed now."""
        return sum(len(segment) for segment in self.segments())

    def imports(self) -> dict[str, tuple[str, ...]]:
        """The imports of every module that is indexed. Raises IndexDamaged."""
        return {file.module: file.imports for one in (self.shared, self.own) for file in one.files().values()}

    def list_names(self) -> list[tuple[str, str]]:
        """The name and the module of every premise, in an order that stays; slow. Raises IndexDamaged."""
        return [
            (segment.records[number].full_name, segment.modules[int(segment.module_of[number])])
            for segment in self.segments()
            for number in range(len(segment))
            if segment.is_live is None or segment.is_live[number]
        ]


@frozen(kw_only=True)
class Refreshed:
    """What a refresh did, in modules and premises."""

    added: int
    kept: int
    removed: int
    premises: int


def project_index(
    cache: Path, project: Project, toolchain: Toolchain | None, environment: Mapping[str, str]
) -> ProjectIndex:
    """The indexes of a project in the user's cache folder. Looks at files: call it in a thread."""
    key = dependencies_key(project, toolchain, environment)
    own = hashlib.sha256(f"{key}\0{project.root}".encode()).hexdigest()
    return ProjectIndex(
        shared=PremiseIndex(cache / FOLDER / f"packages-{key[:_KEY_LENGTH]}"),
        own=PremiseIndex(cache / FOLDER / f"project-{own[:_KEY_LENGTH]}"),
    )


async def refresh(
    index: ProjectIndex,
    sources: Sources,
    server: DocumentServer | None,
    on_progress: Callable[[CorpusProgress], None],
    on_skipped: OnSkipped,
) -> Refreshed:
    """Adds what is missing or has changed, takes out what is gone. Without a `server` all comes from sources.

    Raises InputError where the cache folder cannot be written.
    """
    for one in (index.shared, index.own):
        await asyncio.to_thread(_or_nothing, one, _verified)
    stamps = await asyncio.to_thread(lambda: {source.module: sources.stamp(source) for source in sources.own()})
    known_own, known_shared = await asyncio.to_thread(lambda: (index.own.files(), index.shared.files()))
    kept = {module for module, stamp in stamps.items() if module in known_own and known_own[module].stamp == stamp}
    gone = known_own.keys() - stamps.keys()
    own, shared = index.own.writer(), index.shared.writer()
    corpus = ProjectCorpus(sources=sources, server=server, on_skipped=on_skipped, on_progress=on_progress)
    added = premises = 0
    # One thread for all that is written: after an interruption, what comes to an end last is committed last.
    writing = ThreadPoolExecutor(max_workers=1, thread_name_prefix="premises")
    loop = asyncio.get_running_loop()
    try:
        async for file in corpus.read(kept | known_shared.keys()):
            stamp = stamps.get(file.module)
            await loop.run_in_executor(writing, _add, own if stamp is not None else shared, file, stamp or _FIXED)
            added += 1
            premises += len(file.premises)
        await loop.run_in_executor(writing, _finish, index, own, shared, frozenset(gone))
    except OSError as error:
        raise InputError(f"The premise index cannot be written ({error}).") from None
    except asyncio.CancelledError:
        # What was read stays, so that the next refresh goes on from here.
        with suppress(OSError, IndexDamaged):
            await asyncio.shield(loop.run_in_executor(writing, _commit, own, shared))
        raise
    finally:
        writing.shutdown(wait=False)
    return Refreshed(added=added, kept=len(kept) + len(known_shared), removed=len(gone), premises=premises)


def export_corpus(index: ProjectIndex, path: Path) -> int:
    """Writes all that is indexed as LeanDojo's `corpus.jsonl`, by module; how many premises. Slow: call it in a thread.

    Raises InputError where the file cannot be written, IndexDamaged.
    """
    imports = index.imports()

    def files() -> Iterator[CorpusFile]:
        for segment in index.segments():
            for number, module in enumerate(segment.modules):
                documents = np.flatnonzero(segment.module_of == number).tolist()
                if documents and segment.is_live is not None and not segment.is_live[documents[0]]:
                    continue  # replaced by a newer segment
                yield CorpusFile(
                    path=module_path(module),
                    module=module,
                    imports=imports.get(module, ()),
                    premises=tuple(segment.records[document] for document in documents),
                )

    return write_corpus(path, files())


def import_corpus(index: ProjectIndex, path: Path, own: Set[str], on_skipped: OnSkipped) -> Refreshed:
    """Takes the premises of the packages from LeanDojo's `corpus.jsonl`: of its modules those not `own` and not known.

    Slow: call it in a thread. Raises InputError where the file cannot be read or the index not written, IndexDamaged.
    """
    known = index.shared.files().keys()
    writer = index.shared.writer()
    added = kept = premises = 0
    try:
        for file in read_corpus(path, on_skipped):
            if file.module in own:
                continue
            if file.module in known:
                kept += 1
                continue
            writer.add(file, _FIXED)
            added += 1
            premises += len(file.premises)
        writer.finish()
    except OSError as error:
        raise InputError(f"The premise index cannot be written ({error}).") from None
    return Refreshed(added=added, kept=kept, removed=0, premises=premises)


def _commit(*writers: IndexWriter) -> None:
    for writer in writers:
        writer.commit()


def _add(writer: IndexWriter, file: CorpusFile, stamp: str) -> None:
    writer.add(file, stamp)


def _finish(index: ProjectIndex, own: IndexWriter, shared: IndexWriter, gone: frozenset[str]) -> None:
    shared.finish()
    own.finish()
    if gone:
        index.own.remove(gone)


def _verified(index: PremiseIndex) -> tuple[Segment, ...]:
    index.verify()
    return ()


def _or_nothing(index: PremiseIndex, read: Callable[[PremiseIndex], tuple[Segment, ...]]) -> tuple[Segment, ...]:
    try:
        return read(index)
    except IndexDamaged as error:
        logger.warning(
            "%s It is thrown away; `lean-sidekick index` builds it anew, an editor does so by itself.", error
        )
        index.discard()
        return ()
