"""One proof search of the engine, under the time limit and the progress bar of a request."""

import asyncio
from collections.abc import Callable
from typing import Any

from lean_sidekick.core.budget import Budget
from lean_sidekick.core.errors import SidekickError, TimedOut
from lean_sidekick.core.positions import Position
from lean_sidekick.engine.api import OPENING_S, ProofResult, ProveProgress
from lean_sidekick.lsp.client import Progress
from lean_sidekick.lsp.requests import RequestContext
from lean_sidekick.lsp.snapshot import Snapshot

# The time limit is what ends a search; this only keeps a runaway one finite.
_MAX_CHECKS = 1_000_000
# A search that is still at work so long after its budget ended is given up.
_OVERRUN_S = 5.0
# What is left for the edit once the search is over.
_EDIT_S = 15.0
_STOPPED = "Stopped before it was through; nothing was changed."


async def search_proof(
    ctx: RequestContext,
    snapshot: Snapshot,
    position: Position,
    progress: Progress,
    describe: Callable[[ProveProgress], str],
) -> ProofResult | None:
    """Looks for a proof of the declaration at a position; None if the user ended it from the progress bar.

    The panel is told how it goes, if anyone looks at it. Whatever ends the wait ends the search, but nobody waits for
    what the search has to clean up. Raises TimedOut, and what the engine raises.
    """
    engine = await ctx.projects.engine(snapshot.uri)
    ctx.models.look(engine)
    seconds = ctx.projects.settings(snapshot.uri).prove_timeout_s
    limit = OPENING_S + seconds + _OVERRUN_S
    ctx.extend(limit + _EDIT_S)
    watch = ctx.panel.watch(snapshot.uri)

    def tell(sign: ProveProgress) -> None:
        progress.report(describe(sign))
        if watch is not None:
            watch.progress(describe(sign))

    budget = Budget(seconds=seconds, checks=_MAX_CHECKS)
    work = engine.prove_at(snapshot.document, position, budget, tell, None if watch is None else watch.trace)
    search = ctx.tasks.start(work, f"proof search in {snapshot.uri}")
    ends: set[asyncio.Future[Any]] = {search, progress.cancelled}
    end = _STOPPED
    try:
        await asyncio.wait(ends, timeout=limit, return_when=asyncio.FIRST_COMPLETED)
        end = _STOPPED if progress.cancelled.done() else _end(search, limit)
    finally:
        search.cancel()
        if watch is not None:
            watch.ended(end)
            ctx.panel.look_again()
    if progress.cancelled.done():
        return None
    if not search.done():
        raise TimedOut(_end(search, limit))
    return search.result()


def _end(search: "asyncio.Task[ProofResult]", limit: float) -> str:
    """How a search ended, in words."""
    if not search.done():
        return f"The search did not end within {limit:g} s; nothing was changed."
    if search.cancelled():
        return _STOPPED
    if (error := search.exception()) is not None:
        return str(error) if isinstance(error, SidekickError) else "The search failed; the log says how."
    result = search.result()
    checks = "1 check" if result.checks == 1 else f"{result.checks} checks"
    return result.message or f"{result.status.value}: {result.seconds:.1f} s, {checks}."
