"""The commands: completing a proof, starting Lean afresh, and forgetting what was learned."""

import asyncio

from lsprotocol import types

from lean_sidekick.core.errors import InputError, SidekickError
from lean_sidekick.engine.api import ProofResult, ProofStatus
from lean_sidekick.engine.progress import describe_progress
from lean_sidekick.lsp import convert
from lean_sidekick.lsp.features.proof_search import search_proof
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
            async with ctx.client.progress(_TITLE, params.work_done_token) as progress:
                found = await search_proof(ctx, snapshot, position, progress, describe_progress)
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
        ctx.panel.look_again()
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
