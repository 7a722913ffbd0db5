"""The edit from one text to another: applied as Lean applies it, it gives the new text."""

from hypothesis import example, given
from hypothesis import strategies as st

from lean_sidekick.lean.documents import range_edit
from support.scripted_lean import Document

TEXTS = st.text(alphabet="ab\n 𝔸∀\t", max_size=30)


@given(TEXTS, TEXTS)
@example("", "")
@example("a\n", "a\nb")
@example("𝔸b", "𝔸c")
@example("ab", "a")
def test_an_edit_leads_to_the_new_text(old: str, new: str) -> None:
    document = Document("file:///x", 1, old)
    document.change(2, [range_edit(old, new)])
    assert document.text == new


@given(TEXTS, TEXTS)
def test_an_edit_begins_at_the_first_difference(old: str, new: str) -> None:
    """Everything before it stays warm: to begin earlier would cost the command above."""
    edit = range_edit(old, new)
    inserted = edit["text"]
    assert isinstance(inserted, str)
    kept = len(new) - len(inserted)
    assert old[:kept] == new[:kept]
    assert kept in (len(old), len(new)) or old[kept] != new[kept]


def test_a_line_with_a_carriage_return_is_replaced_from_its_start() -> None:
    """Lean drops the CR of a line end, so columns behind one cannot be trusted."""
    edit = range_edit("a\nb\rc", "a\nb\rd")
    replaced = edit["range"]
    assert isinstance(replaced, dict)
    assert replaced["start"] == {"line": 1, "character": 0}
    assert edit["text"] == "b\rd"
