"""Where the one inlay hint stands, and what it and the titles of actions say."""

from attrs import evolve
from lsprotocol import types

from lean_sidekick.core.candidates import Candidate, Source
from lean_sidekick.core.outcomes import Outcome, OutcomeKind
from lean_sidekick.core.positions import Position, TextEdit
from lean_sidekick.engine.api import Suggestion
from lean_sidekick.lsp import convert
from lean_sidekick.lsp.features.inlay_hints import hint_line
from lean_sidekick.lsp.round import Round
from lean_sidekick.lsp.snapshot import Snapshot
from support.fake_engine import find_site

TEXT = "theorem t : p := by\n  sorry\n\n  \nexample"


def line_for(asked: Position, end: int | None = None) -> int:
    snapshot = Snapshot(uri="file:///A.lean", version=1, text=TEXT)
    site = find_site(snapshot.document, Position(1, 2))
    return hint_line(Round(1, snapshot, site if end is None else evolve(site, end=end), asked))


def test_the_hint_is_on_the_line_of_the_hole() -> None:
    assert line_for(Position(1, 0)) == 1
    assert line_for(Position(1, 7)) == 1


def test_the_hint_is_at_the_cursor_when_only_blanks_are_between() -> None:
    """At the end of a block the hole is behind the last tactic, the cursor on a line below."""
    assert line_for(Position(2, 0)) == 2
    assert line_for(Position(3, 2)) == 3


def test_the_hint_is_at_the_hole_when_text_is_between() -> None:
    assert line_for(Position(4, 3)) == 1


def suggestion(text: str, effect: str) -> Suggestion:
    return Suggestion(
        candidate=Candidate(text=text, source=Source.PORTFOLIO, score=0.0),
        outcome=Outcome(kind=OutcomeKind.PROGRESS),
        goals_left=(),
        edit=TextEdit(start=0, end=0, new_text=text),
        effect=effect,
        is_confirmed=True,
    )


def test_long_texts_are_cut_to_one_line() -> None:
    snapshot = Snapshot(uri="file:///A.lean", version=1, text=TEXT)
    long = suggestion("exact " + "x" * 200 + "\n  y", "1 goal left:\n  ⊢ " + "q" * 200)
    action = convert.to_code_action(long, snapshot, is_versioned=True)
    assert "\n" not in action.title and len(action.title) == 120
    hint = convert.to_inlay_hint(long, snapshot, 1, "", None)
    assert isinstance(hint.label, str) and len(hint.label) == 60 and hint.label.endswith("…")
    assert hint.position == types.Position(line=1, character=7)
    assert isinstance(hint.tooltip, str) and long.candidate.text in hint.tooltip
