"""The inlay hint: the best checked suggestion for the newest version, at the end of its line."""

from lsprotocol import types

from lean_sidekick.lsp import convert
from lean_sidekick.lsp.features.inline_completion import is_shown_as_ghost_text
from lean_sidekick.lsp.requests import RequestContext
from lean_sidekick.lsp.rounds import Round


async def inlay_hints(ctx: RequestContext, params: types.InlayHintParams) -> list[types.InlayHint]:
    """Gives one hint or none; never waits, since the editor is told when there is something to show."""
    snapshot = ctx.snapshot(params.text_document.uri)
    known = ctx.rounds.current(snapshot)
    if known is None or not ctx.projects.settings(snapshot.uri).inlay_hints_enabled:
        return []
    line = hint_line(known)
    if not convert.has_line(params.range, line):
        return []
    if is_shown_as_ghost_text(ctx, known):
        return []
    return [convert.to_inlay_hint(best, snapshot, line, known.warning) for best in known.suggestions(1)]


def hint_line(known: Round) -> int:
    """The line of the hole, or the cursor's if only blanks lie between the two."""
    text_map = known.snapshot.text_map
    asked = text_map.offset(known.asked)
    between = known.snapshot.text[known.site.end : asked]
    return text_map.line_of(asked if between.isspace() else known.site.end)
