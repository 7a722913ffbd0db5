"""Which waiting requests go together, and how a batch is cut where memory is short. Pure.

A batch is one call of a model. Sampling requests of one model go together whatever their settings, beam searches
only with equal settings, texts to embed or to score by model. The cursor's requests come first; among equals, who came
first. A request of more rows than fit is cut into parts; its draws do not depend on the cut.
"""

from collections.abc import Hashable, Sequence

from attrs import evolve, frozen

from lean_sidekick.core.decoding import Strategy
from lean_sidekick.model_worker.messages import Embed, Generate, Job, Load, Score, Urgency


@frozen(kw_only=True)
class Part:
    """Rows `first` to `first + count` of a request for candidates."""

    job: Generate
    first: int
    count: int


def rows_of(job: Job) -> int:
    """How many rows of a batch a request takes."""
    match job:
        case Generate():
            return job.decoding.candidate_count
        case Embed() | Score():
            return len(job.texts)
        case Load():
            return 1


def next_batch(waiting: Sequence[Job], limit: int) -> tuple[Job, ...]:
    """The requests to run now, out of those that wait in order of arrival; at least one, `limit` rows if more."""
    ranked = sorted(waiting, key=lambda job: job.urgency is not Urgency.CURSOR)
    if not ranked:
        return ()
    key, rows = _key(ranked[0]), 0
    batch: list[Job] = []
    for job in ranked:
        if _key(job) != key:
            continue
        rows += rows_of(job)
        if batch and rows > limit:
            break
        batch.append(job)
    return tuple(batch)


def first_call(pending: Sequence[Part], limit: int) -> tuple[list[Part], list[Part]]:
    """The parts of the next call, of at most `limit` rows, and those left for later calls.

    A beam search is never cut: it keeps `limit` beams where it asked for more.
    """
    call: list[Part] = []
    free = limit
    for index, part in enumerate(pending):
        if part.job.decoding.strategy is Strategy.BEAM:
            part = evolve(part, count=min(part.count, limit))
        if part.count <= free:
            call.append(part)
            free -= part.count
            continue
        rest = list(pending[index:])
        if free and part.job.decoding.strategy is Strategy.SAMPLE:
            call.append(evolve(part, count=free))
            rest[0] = evolve(part, first=part.first + free, count=part.count - free)
        return call, rest
    return call, []


def rows_in(call: Sequence[Part]) -> int:
    """The rows of one call."""
    return sum(part.count for part in call)


def _key(job: Job) -> Hashable:
    if not isinstance(job, Generate):
        return type(job), job.model
    decoding = job.decoding
    if decoding.strategy is Strategy.SAMPLE:
        return Generate, job.model, Strategy.SAMPLE
    return Generate, job.model, evolve(decoding, seed=0), job.stop, job.min_new_tokens
