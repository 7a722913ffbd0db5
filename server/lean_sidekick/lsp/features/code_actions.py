"""Code actions: each checked suggestion as a quick fix; completing the proof and looking premises up as commands."""

import asyncio
from collections.abc import Sequence
from time import monotonic

from lsprotocol import types

from lean_sidekick.core.positions import Position
from lean_sidekick.core.sites import ProofSite
from lean_sidekick.lsp import convert
from lean_sidekick.lsp.messages import CompleteProofParams, WirePosition, to_wire
from lean_sidekick.lsp.methods import CHOOSE_PREMISE, COMPLETE_PROOF, FIND_LEMMA_HERE
from lean_sidekick.lsp.premise_messages import ChoosePremiseParams
from lean_sidekick.lsp.requests import RequestContext
from lean_sidekick.lsp.round import Round
from lean_sidekick.lsp.snapshot import Snapshot

OPTIONS = types.CodeActionOptions(code_action_kinds=[types.CodeActionKind.QuickFix])
_TITLE = "Complete the proof"
_PREMISES_TITLE = "Premises for this goal"
_FIND_TITLE = "Find a lemma"
_FIND_LEMMA = types.CodeAction(
    title=_FIND_TITLE,
    kind=types.CodeActionKind.QuickFix,
    command=types.Command(title=_FIND_TITLE, command=FIND_LEMMA_HERE),
)


async def code_actions(ctx: RequestContext, params: types.CodeActionParams) -> list[types.CodeAction]:
    """Offers what is known of the site at the cursor by the end of a short wait; the checks go on."""
    snapshot = ctx.snapshot(params.text_document.uri)
    if not _are_wanted(params.context.only):
        return []
    settings = ctx.projects.settings(snapshot.uri)
    left_s = max(0.0, settings.code_action_wait_s - ctx.waited_s)
    began = monotonic()
    known = await _round(ctx, snapshot, convert.to_position(params.range.start), left_s)
    if known is None:
        return []
    await known.wait(max(0.0, left_s - (monotonic() - began)))
    is_versioned = ctx.client.capabilities.has_versioned_edits
    return [
        *(
            convert.to_code_action(suggestion, snapshot, is_versioned=is_versioned)
            for suggestion in known.suggestions(settings.suggest_max_items)
        ),
        *_partial(ctx, snapshot, known.site),
        _completion(snapshot, params.range.start),
        _premises(snapshot, params.range.start),
        *([_FIND_LEMMA] if ctx.client.capabilities.can_ask_for_words else []),
    ]


async def _round(ctx: RequestContext, snapshot: Snapshot, position: Position, seconds: float) -> Round | None:
    """The round of a place, if its site is known in time; it is looked for and the round begins in any case."""
    finding = ctx.tasks.start(ctx.rounds.at(snapshot, position), f"round for {snapshot.uri}")
    done, _ = await asyncio.wait({finding}, timeout=seconds)
    return finding.result() if done else None


def _partial(ctx: RequestContext, snapshot: Snapshot, site: ProofSite) -> list[types.CodeAction]:
    offered = ctx.partials.at(snapshot, site)
    if offered is None:
        return []
    is_versioned = ctx.client.capabilities.has_versioned_edits
    edit = convert.to_workspace_edit(snapshot, offered.edits, is_versioned=is_versioned)
    return [types.CodeAction(title=offered.title, kind=types.CodeActionKind.QuickFix, edit=edit)]


def _completion(snapshot: Snapshot, position: types.Position) -> types.CodeAction:
    where = WirePosition(line=position.line, character=position.character)
    argument = to_wire(CompleteProofParams(uri=snapshot.uri, version=snapshot.version, position=where))
    return types.CodeAction(
        title=_TITLE,
        kind=types.CodeActionKind.QuickFix,
        command=types.Command(title=_TITLE, command=COMPLETE_PROOF, arguments=[argument]),
    )


def _premises(snapshot: Snapshot, position: types.Position) -> types.CodeAction:
    where = WirePosition(line=position.line, character=position.character)
    argument = to_wire(ChoosePremiseParams(uri=snapshot.uri, version=snapshot.version, position=where))
    return types.CodeAction(
        title=_PREMISES_TITLE,
        kind=types.CodeActionKind.QuickFix,
        command=types.Command(title=_PREMISES_TITLE, command=CHOOSE_PREMISE, arguments=[argument]),
    )


def _are_wanted(only: Sequence[str] | None) -> bool:
    """Whether a list of kinds asks for quick fixes; a kind asks for all kinds below it, "" for all."""
    return only is None or any(kind in ("", types.CodeActionKind.QuickFix) for kind in only)
