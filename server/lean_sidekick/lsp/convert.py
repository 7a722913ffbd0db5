"""All conversion between the protocol's types and our values.

Columns on the wire are UTF-16 code units, as in `core.positions`; the server offers no other encoding. Pure.
"""

from collections.abc import Sequence

from lsprotocol import types

from lean_sidekick.core.positions import Position, Range, TextEdit
from lean_sidekick.engine.api import Suggestion
from lean_sidekick.lsp.messages import WirePosition
from lean_sidekick.lsp.snapshot import Change, Snapshot

_TITLE_CHARACTERS = 120
_HINT_CHARACTERS = 60


def to_position(position: types.Position | WirePosition) -> Position:
    """A position from the wire."""
    return Position(position.line, position.character)


def to_changes(events: Sequence[types.TextDocumentContentChangeEvent]) -> tuple[Change, ...]:
    """The changes of a `textDocument/didChange`, in their order."""
    return tuple(
        Change(range=_to_range(event.range), text=event.text)
        if isinstance(event, types.TextDocumentContentChangePartial)
        else Change(range=None, text=event.text)
        for event in events
    )


def to_workspace_edit(snapshot: Snapshot, edits: Sequence[TextEdit], *, is_versioned: bool) -> types.WorkspaceEdit:
    """One edit of one document; versioned edits are refused by the editor when its text has moved on."""
    wire_edits = [_from_edit(snapshot, edit) for edit in edits]
    if not is_versioned:
        return types.WorkspaceEdit(changes={snapshot.uri: wire_edits})
    document = types.OptionalVersionedTextDocumentIdentifier(uri=snapshot.uri, version=snapshot.version)
    return types.WorkspaceEdit(
        document_changes=[types.TextDocumentEdit(text_document=document, edits=list(wire_edits))]
    )


def to_code_action(suggestion: Suggestion, snapshot: Snapshot, *, is_versioned: bool) -> types.CodeAction:
    """A suggestion as a quick fix. None is preferred: Lean's own "Try this" claims that."""
    return types.CodeAction(
        title=one_line(f"{_first_line(suggestion.candidate.text)} — {suggestion.effect}", _TITLE_CHARACTERS),
        kind=types.CodeActionKind.QuickFix,
        edit=to_workspace_edit(snapshot, [suggestion.edit], is_versioned=is_versioned),
    )


def to_inlay_hint(suggestion: Suggestion, snapshot: Snapshot, line: int, warning: str, data: object) -> types.InlayHint:
    """A suggestion at the end of a line; accepting the hint puts the tactic in. `data` comes back to be resolved."""
    text_map = snapshot.text_map
    end = text_map.line_start(line) + len(text_map.line_text(line).removesuffix("\r"))
    tooltip = f"{suggestion.candidate.text}\n— {suggestion.effect}"
    return types.InlayHint(
        position=_from_position(text_map.position(end)),
        label=one_line(_first_line(suggestion.candidate.text), _HINT_CHARACTERS),
        tooltip=f"{tooltip}\n\n{warning}" if warning else tooltip,
        text_edits=[_from_edit(snapshot, suggestion.edit)],
        padding_left=True,
        data=data,
    )


def to_inline_completion(
    suggestion: Suggestion, snapshot: Snapshot, position: Position
) -> types.InlineCompletionItem | None:
    """A suggestion as ghost text at the cursor; None where it would not only add to what stands there.

    The editor shows only what begins with the text that it replaces, on the cursor's line.
    """
    text, text_map = snapshot.text, snapshot.text_map
    cursor, line_start = text_map.offset(position), text_map.line_start(position.line)
    start, new_text = suggestion.edit.start, suggestion.edit.new_text
    if (
        cursor < suggestion.edit.end
        or text[start:cursor].strip()
        or text[cursor : text_map.line_end(position.line)].strip()
    ):
        return None
    if start < line_start:  # the edit begins a new line, on which the cursor stands already
        if not new_text.startswith(("\n", "\r\n")):
            return None
        start, new_text = line_start, new_text.partition("\n")[2]
    if not new_text.startswith(text[start:cursor]):
        return None
    return types.InlineCompletionItem(
        insert_text=new_text,
        range=types.Range(start=_from_position(text_map.position(start)), end=_from_position(position)),
    )


def has_line(wire_range: types.Range, line: int) -> bool:
    """Whether a range from the wire touches a line."""
    return wire_range.start.line <= line <= wire_range.end.line


def _to_range(wire_range: types.Range) -> Range:
    return Range(to_position(wire_range.start), to_position(wire_range.end))


def _from_position(position: Position) -> types.Position:
    return types.Position(line=position.line, character=position.character)


def _from_edit(snapshot: Snapshot, edit: TextEdit) -> types.TextEdit:
    changed = snapshot.text_map.range(edit.start, edit.end)
    return types.TextEdit(
        range=types.Range(start=_from_position(changed.start), end=_from_position(changed.end)),
        new_text=edit.new_text,
    )


def _first_line(text: str) -> str:
    first, line_break, _ = text.partition("\n")
    return f"{first.rstrip()} …" if line_break else first


def one_line(text: str, limit: int) -> str:
    """A text on one line, cut after so many characters."""
    flat = " ".join(text.split())
    return flat if len(flat) <= limit else flat[: limit - 1] + "…"
