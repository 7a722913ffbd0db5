"""The commands: completing a proof, starting Lean afresh, and forgetting what was learned."""

import asyncio
from typing import Any

from lsprotocol import types

from lean_sidekick.core.budget import Budget
from lean_sidekick.core.errors import InputError, SidekickError, TimedOut
from lean_sidekick.core.positions import Position
from lean_sidekick.engine.api import OPENING_S, ProofResult, ProofStatus
from lean_sidekick.engine.progress import describe_progress
from lean_sidekick.lsp import convert
from lean_sidekick.lsp.messages import (
    CompleteProofResult,
    CompleteProofStatus,
    ForgetLearnedResult,
    RestartLeanResult,
    read_complete_proof,
    to_wire,
)
from lean_sidekick.lsp.requests import RequestContext
from lean_sidekick.lsp.snapshot import Snapshot

_TITLE = "Complete the proof"
_OFFERED = ", which the code actions here offer."
# The time limit is what ends a search; this only keeps a runaway one finite.
_MAX_CHECKS = 1_000_000
# A search that is still at work so long after its budget ended is given up.
_OVERRUN_S = 5.0
# What is left for the edit once the search is over.
_EDIT_S = 15.0


async def complete_proof(ctx: RequestContext, params: types.ExecuteCommandParams) -> object:
    """Searches a proof of the declaration at a position and puts it in with one edit."""
    asked = read_complete_proof(params.arguments)
    snapshot = ctx.snapshot(asked.uri, asked.version)
    position = convert.to_position(asked.position)
    if position.line >= snapshot.text_map.line_count:
        raise InputError(
            f"There is no line {position.line + 1} in a document of {snapshot.text_map.line_count} lines: "
            "name a place in a declaration."
        )
    ctx.rounds.stop(snapshot.uri)
    try:
        with ctx.status.working():
            found = await _search(ctx, snapshot, position, params.work_done_token)
    except asyncio.CancelledError:
        if ctx.is_stale:
            ctx.client.show_info("The text changed while a proof was looked for, so nothing was put in.")
        raise
    except SidekickError as error:
        ctx.status.note(error)
        raise
    return to_wire(await _put_in(ctx, snapshot, found))


async def restart_lean(ctx: RequestContext, params: types.ExecuteCommandParams) -> object:
    """Ends all Lean processes; they start again when they are needed."""
    ctx.rounds.stop_all()
    restarted = await ctx.projects.restart()
    if ctx.projects.options.is_trusted:
        ctx.status.forget()
    return to_wire(RestartLeanResult(restarted=restarted))


async def forget_learned(ctx: RequestContext, params: types.ExecuteCommandParams) -> object:
    """Takes back all that was learned from the user's proofs, in every project."""
    forgotten = await ctx.projects.forget_learned()
    if forgotten:
        ctx.client.show_info("Lean Sidekick has forgotten what it learned from your proofs.")
    else:
        ctx.client.show_warning(
            "What Lean Sidekick learned could not be taken from the disk now: another program uses the file. Try again."
        )
    return to_wire(ForgetLearnedResult(forgotten=forgotten))


async def _search(
    ctx: RequestContext, snapshot: Snapshot, position: Position, token: types.ProgressToken | None
) -> ProofResult | None:
    """The result of the search, None if the user ended it from the progress bar.

    Whatever ends the wait ends the search, but nobody waits for what the search has to clean up.
    """
    engine = await ctx.projects.engine(snapshot.uri)
    seconds = ctx.projects.settings(snapshot.uri).prove_timeout_s
    limit = OPENING_S + seconds + _OVERRUN_S
    ctx.extend(limit + _EDIT_S)
    async with ctx.client.progress(_TITLE, token) as progress:
        work = engine.prove_at(
            snapshot.document,
            position,
            Budget(seconds=seconds, checks=_MAX_CHECKS),
            lambda sign: progress.report(describe_progress(sign)),
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


async def _put_in(ctx: RequestContext, snapshot: Snapshot, found: ProofResult | None) -> CompleteProofResult:
    """Applies a proof that was found, and says in one sentence what the user cannot see in the text."""
    if found is None:
        return CompleteProofResult(
            status=CompleteProofStatus.CANCELLED,
            proof=None,
            partial=None,
            message="Cancelled; nothing was changed.",
            applied=False,
        )
    message = found.message or f"{found.status.value}: {found.seconds:.1f} s, {found.checks} checks."
    ctx.partials.keep(snapshot, found)
    is_applied = False
    if found.partial is not None:
        message += _OFFERED
    if not found.edits:
        (ctx.client.show_error if found.status is ProofStatus.ERROR else ctx.client.show_info)(message)
    else:
        ctx.commit()
        is_versioned = ctx.client.capabilities.has_versioned_edits
        edit = convert.to_workspace_edit(snapshot, found.edits, is_versioned=is_versioned)
        outcome = await ctx.client.apply_edit(_TITLE, edit)
        is_applied = outcome.is_applied
        if not is_applied:
            reason = f" ({outcome.reason})" if outcome.reason else ""
            message = f"A proof was found, but the editor did not put it in{reason}:\n{found.proof}"
            ctx.client.show_warning(message)
        elif found.status is not ProofStatus.PROVED:
            ctx.client.show_info(message)
    return CompleteProofResult(
        status=CompleteProofStatus(found.status.value),
        proof=found.proof,
        partial=found.partial.block if found.partial else None,
        message=message,
        applied=is_applied,
    )
