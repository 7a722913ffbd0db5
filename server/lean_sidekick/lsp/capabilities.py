"""What the editor can do, as named booleans, read once from what it said in `initialize`."""

from collections.abc import Mapping

from attrs import frozen
from lsprotocol import types
from pygls.capabilities import get_capability


@frozen(kw_only=True)
class ClientCapabilities:
    """What we may ask of the editor; all that it did not mention is false."""

    can_refresh_inlay_hints: bool = False
    can_show_ghost_text: bool = False
    can_show_progress: bool = False
    can_apply_edits: bool = False
    has_versioned_edits: bool = False
    can_say_goals: bool = False
    can_ask_for_words: bool = False


def read_capabilities(said: types.ClientCapabilities) -> ClientCapabilities:
    """Reads the capabilities of a client (LSP 3.18, `ClientCapabilities`)."""

    def has(name: str) -> bool:
        return get_capability(said, name, False) is True

    return ClientCapabilities(
        can_show_ghost_text=get_capability(said, "text_document.inline_completion", None) is not None,
        can_refresh_inlay_hints=has("workspace.inlay_hint.refresh_support"),
        can_show_progress=has("window.work_done_progress"),
        can_apply_edits=has("workspace.apply_edit"),
        has_versioned_edits=has("workspace.workspace_edit.document_changes"),
        can_say_goals=_has_ours(said.experimental, "goalsAt"),
        can_ask_for_words=_has_ours(said.experimental, "findLemma"),
    )


def _has_ours(experimental: object, name: str) -> bool:
    """Whether the client has one of the capabilities of our own; see docs/protocol.md."""
    ours = experimental.get("leanSidekick") if isinstance(experimental, Mapping) else None
    return isinstance(ours, Mapping) and ours.get(name) is True
