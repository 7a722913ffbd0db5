"""The panel's messages: where its user looks, and which suggestion is to be put in."""

import logging
from typing import Any

from lsprotocol import types

from lean_sidekick.core.errors import InputError
from lean_sidekick.lsp import convert
from lean_sidekick.lsp.messages import to_wire
from lean_sidekick.lsp.panel_messages import TakeSuggestionResult, read_panel_moved, read_take_suggestion
from lean_sidekick.lsp.requests import Parts, RequestContext

_logger = logging.getLogger(__name__)


def panel_moved(parts: Parts, params: Any) -> None:
    """Takes over what the panel is to show."""
    try:
        parts.panel.moved(read_panel_moved(params).place)
    except InputError as error:
        _logger.warning("%s", error)


async def take_suggestion(ctx: RequestContext, params: types.ExecuteCommandParams) -> object:
    """Puts a suggestion of the panel in, by the edit that the code actions would have."""
    asked = read_take_suggestion(params.arguments)
    snapshot = ctx.snapshot(asked.uri, asked.version)
    suggestion = ctx.panel.offered(asked.round, asked.tactic)
    ctx.commit()
    is_versioned = ctx.client.capabilities.has_versioned_edits
    edit = convert.to_workspace_edit(snapshot, [suggestion.edit], is_versioned=is_versioned)
    outcome = await ctx.client.apply_edit(suggestion.candidate.text, edit)
    reason = f" ({outcome.reason})" if outcome.reason else ""
    message = "" if outcome.is_applied else f"The editor did not put it in{reason}: {suggestion.candidate.text}"
    return to_wire(TakeSuggestionResult(applied=outcome.is_applied, message=message))
