"""Ghost text: the best checked suggestion at the cursor, where the editor has inline completion (LSP 3.18).

Off until the user wants it. A request that comes by itself waits for the pause and for the checks, because the editor
asks only once; the next keystroke ends it. Where the ghost text is shown there is no inlay hint.
"""

from lsprotocol import types

from lean_sidekick.engine.api import OPENING_S
from lean_sidekick.lsp import convert
from lean_sidekick.lsp.requests import RequestContext
from lean_sidekick.lsp.round import Round

OPTIONS = types.InlineCompletionOptions()
# A round ends by its own time limit; this is what it may take to say so.
_OVERRUN_S = 10.0


async def inline_completion(
    ctx: RequestContext, params: types.InlineCompletionParams
) -> list[types.InlineCompletionItem] | None:
    """Gives the best suggestion for the text before the cursor, once no better one is to be expected soon."""
    snapshot = ctx.snapshot(params.text_document.uri)
    settings = ctx.projects.settings(snapshot.uri)
    if not settings.ghost_text_enabled:
        return None
    position = convert.to_position(params.position)
    limit_s = settings.suggest_delay_ms / 1000 + OPENING_S + settings.suggest_timeout_s + _OVERRUN_S
    ctx.extend(limit_s)
    if params.context.trigger_kind is types.InlineCompletionTriggerKind.Invoked:
        known = await ctx.rounds.at(snapshot, position)
    else:
        known = await ctx.rounds.after_pause(snapshot)
    if known is None:
        return None
    await known.settled()
    items = (convert.to_inline_completion(best, snapshot, position) for best in known.suggestions(1))
    return [item for item in items if item is not None]


def is_shown_as_ghost_text(ctx: RequestContext, known: Round) -> bool:
    """Whether the best suggestion of a round is one that the editor shows as ghost text."""
    if not ctx.client.capabilities.can_show_ghost_text:
        return False
    if not ctx.projects.settings(known.snapshot.uri).ghost_text_enabled:
        return False
    return any(convert.to_inline_completion(best, known.snapshot, known.asked) for best in known.suggestions(1))
