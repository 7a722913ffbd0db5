"""Runs batches on loaded models: loads on first use, and goes on with half the batch where memory runs out.

Keeps the models of its last `MAX_LOADED` uses. What goes wrong with one request never ends the others: each gets its
own answer. Needs no model library itself; the models come from the `LoadBackend` that it is given.
"""

import base64
import gc
import logging
import time
from collections.abc import Callable, Sequence
from typing import TypeVar

from attrs import define, field

from lean_sidekick.core.errors import InputError, ModelUnavailable
from lean_sidekick.model_worker.backends.api import (
    AllCancelledError,
    Backend,
    IsCancelled,
    LoadBackend,
    OutOfMemoryError,
)
from lean_sidekick.model_worker.batching import Part, first_call, rows_in
from lean_sidekick.model_worker.loading_progress import told_of_loading
from lean_sidekick.model_worker.messages import (
    Answer,
    Candidates,
    Embed,
    Failed,
    FailureKind,
    Generate,
    Generated,
    Job,
    Load,
    LoadReport,
    ModelSpec,
    Note,
    Reply,
    Score,
    Scores,
    Vectors,
)

logger = logging.getLogger(__name__)

MAX_LOADED = 3
Send = Callable[[Reply], None]
_T = TypeVar("_T")
_U = TypeVar("_U")


@define
class _Entry:
    backend: Backend
    rows_limit: int


@define
class Runner:
    """Answers batches of requests for one model each; `send` gets every answer and note."""

    load_backend: LoadBackend
    send: Send
    is_cancelled: IsCancelled
    _entries: dict[ModelSpec, _Entry] = field(factory=dict, init=False)
    _unanswered: set[int] = field(factory=set, init=False)

    def run(self, batch: tuple[Job, ...]) -> None:
        """Answers every request of a batch, in any order; a cancelled one gets no answer."""
        self._unanswered = {job.id for job in batch}
        model = batch[0].model
        try:
            self._run(batch, self._entry(model))
        except AllCancelledError:
            return
        except ModelUnavailable as error:
            self._fail(batch, FailureKind.UNAVAILABLE, str(error))
        except InputError as error:
            self._fail(batch, FailureKind.INPUT, str(error))
        except OutOfMemoryError:
            self._fail(batch, FailureKind.UNAVAILABLE, f"{model.source}: there is not enough memory to run it.")
        except Exception as error:  # the worker's loop: a fault in one batch must not end the others
            logger.exception("a batch failed")
            self._fail(batch, FailureKind.BUG, f"{model.source} failed: {error!r}.")

    def loaded(self) -> tuple[LoadReport, ...]:
        """The models that are held."""
        return tuple(_report(0, model, entry.backend) for model, entry in list(self._entries.items()))

    def memory_mb(self) -> float:
        """The memory in use on the device of the models that are held; 0 without one."""
        return max((entry.backend.memory_mb() for entry in list(self._entries.values())), default=0.0)

    def _run(self, batch: tuple[Job, ...], entry: _Entry) -> None:
        generates = [job for job in batch if isinstance(job, Generate)]
        if generates:
            self._generate(generates, entry)
        if texts := [(job, f"{job.prefix}{text}") for job in batch if isinstance(job, Embed) for text in job.texts]:
            self._embed(texts, entry)
        if pairs := [(job, (job.query, text)) for job in batch if isinstance(job, Score) for text in job.texts]:
            self._score(pairs, entry)
        for job in batch:
            if isinstance(job, Load):
                self._answer(_report(job.id, job.model, entry.backend))

    # -- loading

    def _entry(self, model: ModelSpec) -> _Entry:
        if (entry := self._entries.pop(model, None)) is None:
            while len(self._entries) >= MAX_LOADED:
                self._drop(next(iter(self._entries)))
            entry = self._load(model)
        self._entries[model] = entry  # the last used stands last
        return entry

    def _load(self, model: ModelSpec) -> _Entry:
        try:
            with told_of_loading(model, self.send):
                backend = self.load_backend(model)
        except OutOfMemoryError:
            if not self._entries:
                raise
            self.send(Note(text=f"There is not enough memory for {model.source} beside other models: they are let go."))
            for other in list(self._entries):
                self._drop(other)
            backend = self.load_backend(model)
        loaded = backend.loaded
        self.send(
            Note(
                text=f"{model.source} was loaded in {loaded.seconds:.1f} s: {loaded.parameters / 1e6:.0f} M weights in "
                f"{loaded.precision} on {loaded.device}, memory {loaded.memory_before_mb:.0f} MB before and "
                f"{loaded.memory_after_mb:.0f} MB after."
            )
        )
        return _Entry(backend, model.max_rows)

    def _drop(self, model: ModelSpec) -> None:
        self._entries.pop(model).backend.release()
        gc.collect()

    # -- running

    def _generate(self, jobs: Sequence[Generate], entry: _Entry) -> None:
        pending = [
            Part(job=job, first=0, count=job.decoding.candidate_count) for job in jobs if self._fits(job, entry.backend)
        ]
        texts: dict[int, list[Generated]] = {part.job.id: [] for part in pending}
        started, most_rows = time.perf_counter(), 0
        while pending := [part for part in pending if not self.is_cancelled(part.job.id)]:
            call, rest = first_call(pending, entry.rows_limit)
            rows = rows_in(call)
            try:
                for part, generated in zip(call, entry.backend.generate(call, self.is_cancelled), strict=True):
                    texts[part.job.id] += generated
                most_rows = max(most_rows, rows)
            except AllCancelledError:
                continue
            except OutOfMemoryError:
                if rows > 1:
                    self._halve(entry, rows)
                    continue
                job = call[0].job
                self._fail(
                    (job,), FailureKind.UNAVAILABLE, f"{job.model.source}: one sample needs more memory than there is."
                )
                rest = [part for part in rest if part.job is not job]
            pending = rest
        seconds = time.perf_counter() - started
        for job in jobs:
            if job.id in texts:
                self._answer(
                    Candidates(
                        id=job.id,
                        candidates=merge(texts[job.id]),
                        prompt_tokens=entry.backend.prompt_tokens(job.prompt),
                        seconds=seconds,
                        batch_rows=most_rows,
                    )
                )

    def _fits(self, job: Generate, backend: Backend) -> bool:
        tokens, most = backend.prompt_tokens(job.prompt), job.model.max_input_tokens
        if tokens <= most:
            return True
        self._fail((job,), FailureKind.INPUT, f"The prompt has {tokens} tokens; {job.model.source} takes {most}.")
        return False

    def _embed(self, texts: Sequence[tuple[Embed, str]], entry: _Entry) -> None:
        vectors = self._in_slices(texts, entry, entry.backend.embed)
        by_job: dict[int, list[bytes]] = {}
        for (job, _), vector in zip(texts, vectors, strict=True):
            by_job.setdefault(job.id, []).append(vector)
        for request_id, rows in by_job.items():
            data = base64.b64encode(b"".join(rows)).decode()
            self._answer(Vectors(id=request_id, count=len(rows), dimension=len(rows[0]) // 4, data=data))

    def _score(self, pairs: Sequence[tuple[Score, tuple[str, str]]], entry: _Entry) -> None:
        scores = self._in_slices(pairs, entry, entry.backend.score)
        by_job: dict[int, list[float]] = {}
        for (job, _), score in zip(pairs, scores, strict=True):
            by_job.setdefault(job.id, []).append(score)
        for request_id, found in by_job.items():
            self._answer(Scores(id=request_id, scores=tuple(found)))

    def _in_slices(
        self,
        items: Sequence[tuple[Embed | Score, _T]],
        entry: _Entry,
        run: Callable[[Sequence[_T]], list[_U]],
    ) -> list[_U]:
        """Runs the model on at most `rows_limit` items at a time; stops where nobody waits any more."""
        results: list[_U] = []
        while len(results) < len(items):
            if all(self.is_cancelled(job.id) for job, _ in items[len(results) :]):
                raise AllCancelledError
            some = [item for _, item in items[len(results) : len(results) + entry.rows_limit]]
            try:
                results += run(some)
            except OutOfMemoryError:
                self._halve(entry, len(some))
        return results

    def _halve(self, entry: _Entry, rows: int) -> None:
        """After memory ran out with `rows` rows; raises OutOfMemoryError if there was one only."""
        if rows <= 1:
            raise OutOfMemoryError
        entry.rows_limit = rows // 2
        gc.collect()
        self.send(
            Note(text=f"Memory ran out with {rows} rows in a batch: from now on there are at most {entry.rows_limit}.")
        )

    # -- answering

    def _answer(self, answer: Answer) -> None:
        if answer.id in self._unanswered:
            self._unanswered.remove(answer.id)
            if not self.is_cancelled(answer.id):
                self.send(answer)

    def _fail(self, batch: Sequence[Job], failure: FailureKind, message: str) -> None:
        for job in batch:
            self._answer(Failed(id=job.id, failure=failure, message=message))


def merge(generated: Sequence[Generated]) -> tuple[Generated, ...]:
    """The texts without repeats, likeliest first; of equal texts the likeliest is kept."""
    best: dict[str, Generated] = {}
    for one in sorted(generated, key=lambda g: -g.log_probability):
        best.setdefault(one.text, one)
    return tuple(best.values())


def _report(request_id: int, model: ModelSpec, backend: Backend) -> LoadReport:
    loaded = backend.loaded
    return LoadReport(
        id=request_id,
        source=model.source,
        device=loaded.device,
        precision=loaded.precision,
        parameters=loaded.parameters,
        memory_before_mb=loaded.memory_before_mb,
        memory_after_mb=loaded.memory_after_mb,
        seconds=loaded.seconds,
    )
