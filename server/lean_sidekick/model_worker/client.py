"""The sidecar's end of the model process: starts it on first use, asks, and survives its death.

Promises: the event loop never waits for a model; a call that is cancelled or out of time tells the worker; when the
process dies, it is started again after a pause that grows with every death, and what it was asked is asked once more,
then reported as lost; a process that answers nothing any more is killed; a process that nobody asks for a while is
ended, and so is every process by `close`. Light: imports no model library.
"""

import asyncio
import contextlib
import itertools
import logging
import os
import sys
from collections import deque
from collections.abc import Callable, Sequence
from typing import TypeVar

from attrs import define, field, frozen

from lean_sidekick.core.decoding import Decoding
from lean_sidekick.core.errors import InputError, ModelCrashed, ModelUnavailable, SidekickError, TimedOut
from lean_sidekick.model_worker.messages import (
    Answer,
    AskStatus,
    Cancel,
    Candidates,
    Embed,
    Failed,
    FailureKind,
    Generate,
    Job,
    Load,
    Loading,
    LoadReport,
    ModelSpec,
    Note,
    Score,
    Scores,
    Urgency,
    Vectors,
    WorkerStatus,
    decode,
    encode,
)

logger = logging.getLogger(__name__)

WORKER_COMMAND = (sys.executable, "-P", "-m", "lean_sidekick.model_worker.main")
TEXTS_PER_REQUEST = 64
_LINE_LIMIT = 64 * 1024 * 1024
_TRIES = 2
_END_S = 3.0
_T = TypeVar("_T", Candidates, Vectors, Scores, LoadReport, WorkerStatus)


@frozen(kw_only=True)
class WorkerLimits:
    """Times in seconds: the pause before a restart (doubled with each death without an answer between, up to the most),
    how long a worker may leave a question for its state open, how long it may idle."""

    first_pause_s: float = 0.5
    most_pause_s: float = 60.0
    silence_s: float = 30.0
    idle_close_s: float = 1800.0


@define
class _Waiting:
    """A request without an answer yet."""

    request: Job | AskStatus
    answer: asyncio.Future[Answer]
    tries: int = 0


@define
class _Worker:
    """One incarnation of the process."""

    process: asyncio.subprocess.Process
    last_words: deque[str] = field(factory=lambda: deque(maxlen=50))
    has_answered: bool = False
    loading: Loading | None = None
    is_dismissed: bool = False

    def send(self, message: Job | AskStatus | Cancel) -> None:
        assert self.process.stdin is not None
        if not self.process.stdin.is_closing():
            self.process.stdin.write(encode(message))


class WorkerClient:
    """A `ModelClient` on a process of its own; nothing is started before the first question.

    `on_note` gets sentences for the user: what a model needs, and that memory ran out.
    """

    def __init__(
        self,
        on_note: Callable[[str], None],
        limits: WorkerLimits,
        command: Sequence[str] = WORKER_COMMAND,
    ) -> None:
        self._on_note = on_note
        self._limits = limits
        self._command = tuple(command)
        self._ids = itertools.count(1)
        self._waiting: dict[int, _Waiting] = {}
        self._worker: _Worker | None = None
        self._supervisor: asyncio.Task[None] | None = None
        self._has_work = asyncio.Event()
        self._idle_timer: asyncio.TimerHandle | None = None
        self._watches: set[asyncio.Task[None]] = set()
        self._is_closed = False
        self._deaths = 0
        self._last_death = ""

    @property
    def pid(self) -> int | None:
        """The id of the process; None while there is none."""
        return None if self._worker is None else self._worker.process.pid

    @property
    def loading(self) -> Loading | None:
        """See `ModelClient`."""
        return None if self._worker is None else self._worker.loading

    async def load(self, model: ModelSpec, *, timeout_s: float) -> LoadReport:
        """See `ModelClient`."""
        return await self._ask(Load(id=self._new_id(), model=model), LoadReport, timeout_s)

    async def generate(
        self,
        model: ModelSpec,
        prompt: str,
        decoding: Decoding,
        *,
        urgency: Urgency,
        timeout_s: float,
        stop: tuple[str, ...] = (),
        min_new_tokens: int = 0,
    ) -> Candidates:
        """See `ModelClient`."""
        request = Generate(
            id=self._new_id(),
            model=model,
            prompt=prompt,
            decoding=decoding,
            stop=stop,
            min_new_tokens=min_new_tokens,
            urgency=urgency,
        )
        return await self._ask(request, Candidates, timeout_s)

    async def embed(
        self, model: ModelSpec, texts: Sequence[str], *, urgency: Urgency, timeout_s: float, prefix: str = ""
    ) -> Vectors:
        """See `ModelClient`."""
        requests = [
            Embed(id=self._new_id(), model=model, texts=tuple(some), prefix=prefix, urgency=urgency)
            for some in _slices(texts)
        ]
        answers = await self._ask_all(requests, Vectors, timeout_s)
        return answers[0] if len(answers) == 1 else Vectors.joined(answers)

    async def score(
        self, model: ModelSpec, query: str, texts: Sequence[str], *, urgency: Urgency, timeout_s: float
    ) -> tuple[float, ...]:
        """See `ModelClient`."""
        requests = [
            Score(id=self._new_id(), model=model, query=query, texts=tuple(some), urgency=urgency)
            for some in _slices(texts)
        ]
        return tuple(score for answer in await self._ask_all(requests, Scores, timeout_s) for score in answer.scores)

    async def status(self, *, timeout_s: float) -> WorkerStatus | None:
        """See `ModelClient`."""
        if self._worker is None:
            return None
        return await self._ask(AskStatus(id=self._new_id()), WorkerStatus, timeout_s)

    async def close(self) -> None:
        """See `ModelClient`."""
        self._is_closed = True
        self._stop_idle_timer()
        self._fail_all(ModelUnavailable("The model process was closed."))
        tasks = [*self._watches, *([self._supervisor] if self._supervisor else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    # -- asking

    def _new_id(self) -> int:
        return next(self._ids)

    async def _ask_all(self, requests: Sequence[Embed | Score], kind: type[_T], timeout_s: float) -> list[_T]:
        tasks = [asyncio.ensure_future(self._ask(request, kind, timeout_s)) for request in requests]
        try:
            return list(await asyncio.gather(*tasks))
        finally:
            for task in tasks:
                task.cancel()

    async def _ask(self, request: Job | AskStatus, kind: type[_T], timeout_s: float) -> _T:
        if self._is_closed:
            raise ModelUnavailable("The model process was closed.")
        waiting = _Waiting(request, asyncio.get_running_loop().create_future())
        self._waiting[request.id] = waiting
        self._stop_idle_timer()
        self._wake()
        try:
            async with asyncio.timeout(timeout_s):
                if self._worker is not None and not self._worker.is_dismissed:
                    self._send(self._worker, waiting)
                answer = await waiting.answer
        except TimeoutError:
            self._look_after(self._worker)
            raise TimedOut(f"The model gave no answer within {timeout_s:g} s{self._excuse()}.") from None
        finally:
            self._forget(request.id)
        match answer:
            case Failed():
                raise _error(answer)
            case _ if isinstance(answer, kind):
                return answer
        raise ModelCrashed(f"The model process answered with {type(answer).__name__} where {kind.__name__} was due.")

    def _send(self, worker: _Worker, waiting: _Waiting) -> None:
        waiting.tries += 1
        worker.send(waiting.request)

    def _forget(self, request_id: int) -> None:
        """Takes a request out; one without an answer is given up."""
        if self._waiting.pop(request_id, None) is not None and self._worker is not None:
            self._worker.send(Cancel(id=request_id))
        if not self._waiting:
            self._has_work.clear()
            self._start_idle_timer()

    def _excuse(self) -> str:
        if self._worker is None:
            return f": its process is being started{f' again; {self._last_death}' if self._last_death else ''}"
        return "" if self._worker.has_answered else ": it is still being loaded"

    def _fail_all(self, error: SidekickError) -> None:
        for waiting in self._waiting.values():
            if not waiting.answer.done():
                waiting.answer.set_exception(type(error)(str(error)))

    # -- the process's life

    def _wake(self) -> None:
        self._has_work.set()
        if self._supervisor is None or self._supervisor.done():
            self._supervisor = asyncio.create_task(self._supervise())

    async def _supervise(self) -> None:
        """Keeps a process running as long as there is work for it."""
        try:
            while True:
                await self._has_work.wait()
                await asyncio.sleep(self._pause_s())
                if self._waiting:
                    await self._live()
        except OSError as error:
            self._fail_all(ModelUnavailable(f"The model process cannot be started: {error.strerror or error}."))
        except Exception as error:  # supervises the process: a fault here must not leave requests waiting
            logger.exception("the model process is not looked after any more")
            self._fail_all(ModelCrashed(f"The model process cannot be looked after ({error!r})."))

    def _pause_s(self) -> float:
        if not self._deaths:
            return 0.0
        return min(self._limits.most_pause_s, self._limits.first_pause_s * 2.0 ** (self._deaths - 1))

    async def _live(self) -> None:
        """One life of the process, from its start until it has ended and everyone has been told."""
        process = await asyncio.create_subprocess_exec(
            *self._command,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env={**os.environ, "HF_HUB_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "false", "PYTHONUTF8": "1"},
            start_new_session=True,
            limit=_LINE_LIMIT,
        )
        worker = _Worker(process)
        log = asyncio.create_task(_drain(process, worker.last_words))
        try:
            self._worker = worker
            for waiting in self._waiting.values():
                self._send(worker, waiting)
            await self._read(worker)
        finally:
            self._worker = None
            await asyncio.shield(asyncio.ensure_future(_end(process)))
            await asyncio.wait([log], timeout=_END_S)
            log.cancel()
        if not worker.is_dismissed:
            self._died(worker)

    async def _read(self, worker: _Worker) -> None:
        """Hands answers out until the process closes its output or says what is no message."""
        assert worker.process.stdout is not None
        while True:
            try:
                if not (line := await worker.process.stdout.readline()):
                    return
                message = decode(line)
            except ValueError as error:
                logger.error("the model process said what is no message: %s", error)
                return
            if isinstance(message, Note):
                self._on_note(message.text)
            elif isinstance(message, Loading):
                worker.loading = message
            elif isinstance(message, Answer):
                worker.has_answered = True
                if not isinstance(message, WorkerStatus):
                    worker.loading = None
                self._deaths, self._last_death = 0, ""
                waiting = self._waiting.pop(message.id, None)
                if waiting is not None and not waiting.answer.done():
                    waiting.answer.set_result(message)

    def _died(self, worker: _Worker) -> None:
        """Counts a death, and reports the requests that were lost twice."""
        self._deaths += 1
        words = next((line for line in reversed(worker.last_words) if line.strip()), "")
        self._last_death = f"it ended with exit code {worker.process.returncode}{f': {words[:300]}' if words else ''}"
        logger.warning("the model process died: %s", self._last_death)
        for waiting in self._waiting.values():
            lost = waiting.tries >= _TRIES or isinstance(waiting.request, AskStatus)
            if lost and not waiting.answer.done():
                waiting.answer.set_exception(ModelCrashed(f"The model process died twice: {self._last_death}."))

    def _look_after(self, worker: _Worker | None) -> None:
        """After a time-out: a worker that does not even say what it does is killed."""
        if worker is None or self._is_closed:
            return

        async def watch() -> None:
            try:
                await self._ask(AskStatus(id=self._new_id()), WorkerStatus, self._limits.silence_s)
            except TimedOut:
                if worker is self._worker:
                    logger.warning("the model process is silent and is killed")
                    _kill(worker.process)
            except SidekickError as error:
                logger.info("the model process ended meanwhile: %s", error)

        if not self._watches:
            task = asyncio.create_task(watch())
            self._watches.add(task)
            task.add_done_callback(self._watches.discard)

    # -- idling

    def _start_idle_timer(self) -> None:
        self._stop_idle_timer()
        if self._worker is not None:
            self._idle_timer = asyncio.get_running_loop().call_later(self._limits.idle_close_s, self._dismiss)

    def _stop_idle_timer(self) -> None:
        if self._idle_timer is not None:
            self._idle_timer.cancel()
            self._idle_timer = None

    def _dismiss(self) -> None:
        if self._worker is not None and not self._waiting:
            self._worker.is_dismissed = True
            if self._worker.process.stdin is not None:
                self._worker.process.stdin.close()


def _slices(texts: Sequence[str]) -> list[Sequence[str]]:
    if not texts:
        raise InputError("There is no text to give to the model.")
    return [texts[start : start + TEXTS_PER_REQUEST] for start in range(0, len(texts), TEXTS_PER_REQUEST)]


def _error(failed: Failed) -> SidekickError:
    match failed.failure:
        case FailureKind.UNAVAILABLE:
            return ModelUnavailable(failed.message)
        case FailureKind.INPUT:
            return InputError(failed.message)
        case FailureKind.BUG:
            return ModelCrashed(failed.message)


async def _drain(process: asyncio.subprocess.Process, last_words: deque[str]) -> None:
    """Reads the log so that the process never waits for us."""
    assert process.stderr is not None
    with contextlib.suppress(ValueError):  # a line longer than the limit: the rest is not worth keeping
        while line := await process.stderr.readline():
            last_words.append(line.decode(errors="replace").rstrip())
            logger.debug("model process: %s", last_words[-1])


async def _end(process: asyncio.subprocess.Process) -> None:
    """Ends the process, asked first, then killed, and reaps it."""
    if process.stdin is not None:
        process.stdin.close()
    try:
        async with asyncio.timeout(_END_S):
            await process.wait()
    except TimeoutError:
        _kill(process)
        await process.wait()


def _kill(process: asyncio.subprocess.Process) -> None:
    with contextlib.suppress(ProcessLookupError):
        process.kill()
