"""One proof search of the engine, under the time limit and the progress bar of a request."""

import asyncio
from collections.abc import Callable
from typing import Any

from lean_sidekick.core.budget import Budget
from lean_sidekick.core.errors import TimedOut
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


async def search_proof(
    ctx: RequestContext,
    snapshot: Snapshot,
    position: Position,
    progress: Progress,
    describe: Callable[[ProveProgress], str],
) -> ProofResult | None:
    """Looks for a proof of the declaration at a position; None if the user ended it from the progress bar.

    Whatever ends the wait ends the search, but nobody waits for what the search has to clean up. Raises TimedOut, and
    what the engine raises.
    """
    engine = await ctx.projects.engine(snapshot.uri)
    seconds = ctx.projects.settings(snapshot.uri).prove_timeout_s
    limit = OPENING_S + seconds + _OVERRUN_S
    ctx.extend(limit + _EDIT_S)
    work = engine.prove_at(
        snapshot.document,
        position,
        Budget(seconds=seconds, checks=_MAX_CHECKS),
        lambda sign: progress.report(describe(sign)),
    )
    search = ctx.tasks.start(work, f"proof search in {snapshot.uri}")
    ends: set[asyncio.Future[Any]] = {search, progress.cancelled}
    try:
        await asyncio.wait(ends, timeout=limit, return_when=asyncio.FIRST_COMPLETED)
    finally:
        search.cancel()
    if progress.cancelled.done():
        return None
    if not search.done():
        raise TimedOut(f"The search did not end within {limit:g} s; nothing was changed.")
    return search.result()
