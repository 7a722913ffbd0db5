"""The process that holds models: `python -m lean_sidekick.model_worker.main`.

Two threads. One reads requests and cancellations, also while a model runs; the other, the main one, runs batches and
loads models. Promises: nothing but messages reaches the real standard output, whatever a library prints; the process
ends when its input is closed, in the middle of a batch too, so that it never outlives the sidecar. Nothing is
downloaded: the hub's cache is read, the hub never asked.
"""

import logging
import os
import sys
import threading
from collections.abc import Callable
from typing import BinaryIO

import psutil

from lean_sidekick.core.errors import ModelUnavailable
from lean_sidekick.model_worker.backends.api import Backend, LoadBackend
from lean_sidekick.model_worker.inbox import Inbox
from lean_sidekick.model_worker.messages import (
    AskStatus,
    Cancel,
    Embed,
    Generate,
    Load,
    ModelSpec,
    Reply,
    Score,
    WorkerStatus,
    decode,
    encode,
)
from lean_sidekick.model_worker.runner import Runner

logger = logging.getLogger(__name__)

ROWS_PER_BATCH = 1024
"""Rows of requests that are given to the runner together; each model cuts them to its own limit."""
END_GRACE_S = 1.0
"""Seconds that a batch may go on after the input was closed; it looks once a token whether it was cancelled."""
NICENESS = 5
"""A model that computes on the CPU goes after the editor, the sidecar and Lean's answer to the cursor."""


def serve(source: BinaryIO, sink: BinaryIO, load_backend: LoadBackend, on_end: Callable[[], None]) -> None:
    """Answers requests from `source` until it is closed; `on_end` is called then, while a batch may still run."""
    inbox, sending = Inbox(), threading.Lock()

    def send(reply: Reply) -> None:
        line = encode(reply)
        with sending:
            sink.write(line)
            sink.flush()

    runner = Runner(load_backend, send, inbox.is_cancelled)

    def read() -> None:
        try:
            for line in source:
                match decode(line):
                    case Cancel(id=request_id):
                        inbox.cancel(request_id)
                    case AskStatus(id=request_id):
                        send(_status(request_id, runner, inbox))
                    case Generate() | Embed() | Score() | Load() as job:
                        inbox.put(job)
                    case other:
                        raise ValueError(f"{type(other).__name__} is no request")
        except (OSError, ValueError):
            logger.exception("the sidecar cannot be understood")
        finally:
            inbox.close()
            on_end()

    threading.Thread(target=read, name="reader", daemon=True).start()
    while batch := inbox.take(ROWS_PER_BATCH):
        try:
            runner.run(batch)
        finally:
            inbox.finish(batch)


def run(load_backend: LoadBackend) -> int:
    """Runs the process to its end, on models from `load_backend`; gives its exit status."""
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s", stream=sys.stderr)
    source, sink = _take_pipes()
    if hasattr(os, "nice"):
        os.nice(NICENESS)
    try:
        serve(source, sink, load_backend, _end_soon)
    except BrokenPipeError:
        return 1
    return 0


def _end_soon() -> None:
    """Ends the process, whatever it does: a library that is being imported cannot be stopped otherwise."""
    timer = threading.Timer(END_GRACE_S, os._exit, (0,))
    timer.daemon = True
    timer.start()


def _take_pipes() -> tuple[BinaryIO, BinaryIO]:
    """Our own ends of the pipes; what others read or write as standard input and output is nothing and the log."""
    source, sink = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    return source, sink


def _load(model: ModelSpec) -> Backend:
    try:
        from lean_sidekick.model_worker.backends.loading import load_backend
    except ImportError as error:
        raise ModelUnavailable(
            f'Models need libraries that are not installed ({error.name}): pip install "lean-sidekick[model]".'
        ) from None
    return load_backend(model)


def _status(request_id: int, runner: Runner, inbox: Inbox) -> WorkerStatus:
    waiting, running = inbox.counts()
    return WorkerStatus(
        id=request_id,
        loaded=runner.loaded(),
        waiting=waiting,
        running=running,
        device_memory_mb=runner.memory_mb(),
        process_memory_mb=psutil.Process().memory_info().rss / 2**20,
    )


if __name__ == "__main__":
    sys.exit(run(_load))
