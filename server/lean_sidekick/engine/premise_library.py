"""The premises of one project, for as long as a workspace lives: opened when first asked, refreshed beside the editor.

Promises: nothing waits for an index (where there is none yet, the answer comes from what stands above the cursor);
indexing runs in a process of its own, at the lowest priority, which ends with this one; the event loop reads no file.
Vectors are made after the index, in the same way, and an answer never waits for them. numpy comes with the first
question, not with this module.
"""

import asyncio
import contextlib
import json
import logging
import os
import sys
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from attrs import define, field, frozen

from lean_sidekick.core.errors import IndexDamaged, InputError
from lean_sidekick.core.goals import Goal
from lean_sidekick.lean.project import find_project
from lean_sidekick.lean.toolchain import Toolchain
from lean_sidekick.model_worker.api import ModelClient
from lean_sidekick.model_worker.messages import ModelSpec
from lean_sidekick.premises.api import Accessible, FoundPremise, Retriever
from lean_sidekick.premises.model_choice import EncoderChoice
from lean_sidekick.settings.paths import cache_folder

if TYPE_CHECKING:
    from lean_sidekick.premises.model_ranking import ModelRanking
    from lean_sidekick.premises.project_index import ProjectIndex
    from lean_sidekick.premises.retriever import LocalRetriever

logger = logging.getLogger(__name__)

INDEX_COMMAND = (sys.executable, "-P", "-m", "lean_sidekick", "index")
_END_S = 5.0


@frozen(kw_only=True)
class IndexingProgress:
    """`done` of `total` modules are indexed; the total may still grow."""

    done: int
    total: int


@frozen(kw_only=True)
class RankingModels:
    """The models that help to rank: `client` runs them, `assignments` tell the process that indexes of the encoder."""

    client: ModelClient
    encoder: EncoderChoice | None
    reranker: ModelSpec | None
    assignments: tuple[str, ...] = ()


@define
class PremiseLibrary:
    """A `Retriever` over the indexes of the project that holds a file or folder. `close` it.

    `imports` are those of every module that is indexed, as they are now. Without `models`, none is asked; who made
    their client closes it.
    """

    root: Path
    toolchain: Toolchain | None
    command: tuple[str, ...] = INDEX_COMMAND
    models: RankingModels | None = None
    imports: dict[str, tuple[str, ...]] = field(factory=dict, init=False)
    _retriever: "LocalRetriever | None" = field(default=None, init=False)
    _ranking: "ModelRanking | None" = field(default=None, init=False)
    _background: asyncio.Task[None] | None = field(default=None, init=False)
    _lock: asyncio.Lock = field(factory=asyncio.Lock, init=False)
    _refreshing: asyncio.subprocess.Process | None = field(default=None, init=False)

    async def load(self, on_progress: Callable[[IndexingProgress], None], *, builds: bool) -> None:
        """Opens what is indexed, and brings it up to date in the background; waits for that where there is nothing yet.

        With `builds` false nothing is brought up to date and nothing made. Raises InputError where there is no index
        and none can be made.
        """
        await self._open()
        if not builds:
            if not self.imports:
                raise InputError("There is no index of premises yet; `lean-sidekick index` builds it.")
        elif self.imports:
            self._background = asyncio.create_task(self._update(has_refreshed=False))
        elif not await self.refresh(on_progress):
            raise InputError("The premises could not be indexed; `lean-sidekick index` says why.")
        else:
            self._background = asyncio.create_task(self._update(has_refreshed=True))
        if self._ranking is not None:
            self._ranking.start()

    async def for_goal(self, goal: Goal, accessible: Accessible, k: int) -> Sequence[FoundPremise]:
        """See `Retriever`."""
        return await self._for_goal(goal, accessible, k, hurried=False)

    async def for_words(self, text: str, accessible: Accessible, k: int) -> Sequence[FoundPremise]:
        """See `Retriever`."""

        async def ask(retriever: "LocalRetriever") -> Sequence[FoundPremise]:
            if self._ranking is None:
                return await retriever.for_words(text, accessible, k)
            return await self._ranking.for_words(retriever, text, accessible, k)

        return await self._answer(ask)

    @property
    def hurried(self) -> Retriever:
        """The same for a search, which asks often: slow models are left out."""
        return _Hurried(self)

    @property
    def trouble(self) -> str:
        """What models are left out of the answers and why, "" for nothing."""
        return "" if self._ranking is None else self._ranking.trouble

    async def models_ready(self, *, for_words: bool) -> None:
        """Waits until the models for such questions are loaded or could not be; the index is not waited for."""
        has_vectors = bool((await self._open()).dimensions)
        if self._ranking is not None and (has_vectors or not self._is_automatic):
            await self._ranking.ready(for_words=for_words)

    async def refresh(self, on_progress: Callable[[IndexingProgress], None]) -> bool:
        """Brings the indexes up to date in another process, then answers from them; whether that worked.

        At most one refresh runs; another call while it does returns False. What went wrong is in the log. Makes no
        vectors.
        """
        return await self._index_anew(("premises.encoder=",), on_progress)

    async def embed(self) -> bool:
        """Makes the vectors that the indexes lack in another process, then ranks by them; as `refresh` else."""
        if self.models is None or self.models.encoder is None:
            return False
        return await self._index_anew(self.models.assignments, lambda progress: None)

    async def _update(self, *, has_refreshed: bool) -> None:
        was_embedded = bool((await self._open()).dimensions)
        is_wanted = was_embedded or not self._is_automatic
        if (has_refreshed or await self.refresh(lambda progress: None)) and is_wanted:
            await self.embed()

    @property
    def _is_automatic(self) -> bool:
        """Whether the encoder was not asked for by name; its vectors are only kept up to date."""
        encoder = None if self.models is None else self.models.encoder
        return encoder is not None and encoder.is_automatic

    async def _for_goal(self, goal: Goal, accessible: Accessible, k: int, *, hurried: bool) -> Sequence[FoundPremise]:
        async def ask(retriever: "LocalRetriever") -> Sequence[FoundPremise]:
            if self._ranking is None:
                return await retriever.for_goal(goal, accessible, k)
            return await self._ranking.for_goal(retriever, goal, accessible, k, hurried=hurried)

        return await self._answer(ask)

    async def _index_anew(self, assignments: Sequence[str], on_progress: Callable[[IndexingProgress], None]) -> bool:
        if self._refreshing is not None:
            return False
        chosen = [part for assignment in assignments for part in ("--setting", assignment)]
        arguments = (str(self.root), "--json", "--background", *self._lean, *chosen)
        try:
            self._refreshing = process = await asyncio.create_subprocess_exec(
                *self.command,
                *arguments,
                stdin=asyncio.subprocess.PIPE,  # its end tells the process that we are gone
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.DEVNULL,
            )
        except OSError as error:
            logger.warning("Premises cannot be indexed: %s", error)
            return False
        try:
            await _relay(process, on_progress)
            worked = await process.wait() == 0
        finally:
            await _end(process)
            self._refreshing = None
        if not worked:
            logger.warning("Indexing premises ended with status %s.", process.returncode)
        await self._open_again()
        return worked

    async def close(self) -> None:
        """Ends a refresh, what is being loaded, and the retriever's thread."""
        if self._background is not None:
            self._background.cancel()
            await asyncio.wait({self._background})
        if self._refreshing is not None:
            await _end(self._refreshing)
        if self._ranking is not None:
            await self._ranking.close()
        if self._retriever is not None:
            self._retriever.close()

    async def _answer(
        self, ask: "Callable[[LocalRetriever], Awaitable[Sequence[FoundPremise]]]"
    ) -> Sequence[FoundPremise]:
        retriever = await self._open()
        try:
            return await ask(retriever)
        except IndexDamaged as error:
            logger.warning("%s It is thrown away.", error)
            await asyncio.to_thread(self._discard)
            return await ask(await self._open_again())

    async def _open(self) -> "LocalRetriever":
        async with self._lock:
            if self._retriever is None:
                self._retriever = await asyncio.to_thread(self._load)
            return self._retriever

    async def _open_again(self) -> "LocalRetriever":
        async with self._lock:
            old, self._retriever = self._retriever, await asyncio.to_thread(self._load)
            if old is not None:
                old.close()
            return self._retriever

    def list_names(self) -> list[tuple[str, str]]:
        """The name and the module of every premise; slow: call it in a thread. Raises IndexDamaged."""
        return self._index().list_names()

    @property
    def _lean(self) -> tuple[str, ...]:
        return () if self.toolchain is None else ("--lean", str(self.toolchain.lean))

    def _load(self) -> "LocalRetriever":
        from lean_sidekick.premises.retriever import LocalRetriever

        index, encoder = self._index(), None if self.models is None else self.models.encoder
        segments = index.segments(None if encoder is None else encoder.name)
        imports = index.imports()
        self.imports.clear()
        self.imports.update(imports)
        if self._ranking is None and self.models is not None:
            self._ranking = _ranking_by(self.models)
        return LocalRetriever(segments)

    def _discard(self) -> None:
        index = self._index()
        index.shared.discard()
        index.own.discard()

    def _index(self) -> "ProjectIndex":
        from lean_sidekick.premises.project_index import project_index

        return project_index(cache_folder(), find_project(self.root), self.toolchain, os.environ)


@frozen
class _Hurried:
    """A `Retriever` that leaves slow models out."""

    _library: PremiseLibrary

    async def for_goal(self, goal: Goal, accessible: Accessible, k: int) -> Sequence[FoundPremise]:
        return await self._library._for_goal(goal, accessible, k, hurried=True)

    async def for_words(self, text: str, accessible: Accessible, k: int) -> Sequence[FoundPremise]:
        return await self._library.for_words(text, accessible, k)


def _ranking_by(models: RankingModels) -> "ModelRanking":
    """The models that answers are ranked by; numpy comes with them."""
    from lean_sidekick.premises.dense import WorkerEmbedder
    from lean_sidekick.premises.model_ranking import ModelRanking
    from lean_sidekick.premises.reranking import WorkerReranker

    encoder = None if models.encoder is None else WorkerEmbedder(client=models.client, choice=models.encoder)
    reranker = None if models.reranker is None else WorkerReranker(client=models.client, spec=models.reranker)
    is_automatic = models.encoder is not None and models.encoder.is_automatic
    return ModelRanking(encoder, reranker, helps_words_only=is_automatic)


async def _relay(process: asyncio.subprocess.Process, on_progress: Callable[[IndexingProgress], None]) -> None:
    assert process.stdout is not None
    async for line in process.stdout:
        with contextlib.suppress(ValueError, TypeError, KeyError):  # a line that is no progress is nothing to us
            said = json.loads(line)
            on_progress(IndexingProgress(done=int(said["done"]), total=int(said["total"])))


async def _end(process: asyncio.subprocess.Process) -> None:
    """Ends the process if it has not ended, gently first: the end of its input and a signal tell it to clean up.

    One that has only just begun knows of neither and dies at once; it has nothing to clean up yet.
    """
    if process.returncode is not None:
        return
    assert process.stdin is not None
    process.stdin.close()
    if os.name == "posix":  # elsewhere the signal would kill
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
    try:
        async with asyncio.timeout(_END_S):
            await process.wait()
    except TimeoutError:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()
