"""The requests that wait in the worker: filled by the thread that reads, emptied by the thread that runs models.

Promises: a request is given out once; a cancelled one that still waits is never given out, one that runs says so
through `is_cancelled`. Knows nothing of models.
"""

import threading

from lean_sidekick.model_worker.batching import next_batch
from lean_sidekick.model_worker.messages import Job

GATHER_S = 0.004
"""How long a batch that could run waits for company: goals that were asked for together arrive within this time."""


class Inbox:
    """Waiting and running requests."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._waiting: list[Job] = []
        self._running: set[int] = set()
        self._cancelled: set[int] = set()
        self._is_closed = False

    def put(self, job: Job) -> None:
        """Adds a request."""
        with self._changed:
            self._waiting.append(job)
            self._changed.notify_all()

    def cancel(self, request_id: int) -> None:
        """Drops a waiting request, or marks a running one; nothing for one that is done."""
        with self._changed:
            self._waiting = [job for job in self._waiting if job.id != request_id]
            if request_id in self._running:
                self._cancelled.add(request_id)

    def close(self) -> None:
        """Nothing more comes: drops what waits, cancels what runs, and ends `take`."""
        with self._changed:
            self._is_closed = True
            self._waiting.clear()
            self._cancelled |= self._running
            self._changed.notify_all()

    def take(self, limit: int) -> tuple[Job, ...]:
        """Waits for requests and gives the next batch out; empty once it is closed."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._is_closed)
            if not self._is_closed:
                self._changed.wait_for(lambda: self._is_closed, GATHER_S)
            batch = next_batch(self._waiting, limit)
            if not batch:
                # Closed, or all that waited was cancelled while it was gathered.
                return () if self._is_closed else self.take(limit)
            taken = {job.id for job in batch}
            self._waiting = [job for job in self._waiting if job.id not in taken]
            self._running |= taken
            return batch

    def is_cancelled(self, request_id: int) -> bool:
        """Whether nobody waits for the answer of a running request any more."""
        return request_id in self._cancelled

    def finish(self, batch: tuple[Job, ...]) -> None:
        """Forgets a batch that was given out."""
        with self._changed:
            done = {job.id for job in batch}
            self._running -= done
            self._cancelled -= done

    def counts(self) -> tuple[int, int]:
        """How many requests wait, and how many run."""
        with self._changed:
            return len(self._waiting), len(self._running)
