"""The store of texts: changes are applied as Lean and the protocol count, whatever they are."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lean_sidekick.core.errors import InputError
from lean_sidekick.core.positions import Position, Range, TextEdit, TextMap, apply_edits
from lean_sidekick.lsp.snapshot import Change, TextStore

URI = "file:///A.lean"
# Line ends that only Python counts as such, characters of two UTF-16 units, and much LF.
TEXTS = st.text(st.sampled_from("ab\n\n\r\u2028\u0085\f𝔽⊢é"), max_size=30)


def store_with(text: str) -> TextStore:
    store = TextStore()
    store.open(URI, 1, text)
    return store


def change(text: str, start: int, end: int, new: str) -> Change:
    return Change(range=TextMap(text).range(start, end), text=new)


@given(TEXTS, st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30), TEXTS), max_size=4))
def test_changes_one_after_the_other_give_the_text_of_the_editor(text: str, edits: list[tuple[int, int, str]]) -> None:
    """And the place of the last edit is just after what it put in."""
    store, changes, place = store_with(text), [], None
    for first, second, new in edits:
        start, end = sorted(min(offset, len(text)) for offset in (first, second))
        changes.append(change(text, start, end, new))
        text = apply_edits(text, [TextEdit(start=start, end=end, new_text=new)])
        place = TextMap(text).position(start + len(new))
    assert store.change(URI, 2, changes) == place
    assert store.snapshot(URI).text == text
    assert (store.snapshot(URI).version, store.version(URI)) == (2, 2)


@given(TEXTS, TEXTS)
def test_a_whole_text_gives_the_place_of_the_difference(old: str, new: str) -> None:
    """After that place old and new are the same, so what was typed stands before it."""
    store = store_with(old)
    place = store.change(URI, 2, [Change(range=None, text=new)])
    assert store.snapshot(URI).text == new
    if place is None:
        assert old == new
    else:
        rest = new[TextMap(new).offset(place) :]
        assert old.endswith(rest)


@pytest.mark.parametrize(
    ("old", "new", "place"),
    [
        ("a\nb\nc", "a\nbx\nc", Position(1, 2)),
        ("a\nb\nc", "a\nc", Position(0, 1)),
        ("a", "a\n  simp", Position(1, 6)),
        ("𝔽 a", "𝔽 𝔽 a", Position(0, 3)),
        ("a\nb", "b", Position(0, 0)),
        ("", "", None),
    ],
)
def test_where_a_whole_text_was_edited(old: str, new: str, place: Position | None) -> None:
    found = store_with(old).change(URI, 2, [Change(range=None, text=new)])
    assert found == place


def test_places_outside_the_text_are_moved_into_it() -> None:
    """As the standard says of columns; lines after the last mean the end."""
    store = store_with("ab\ncd")
    store.change(URI, 2, [Change(range=Range(Position(0, 99), Position(0, 99)), text="!")])
    store.change(URI, 3, [Change(range=Range(Position(7, 0), Position(9, 9)), text="?")])
    store.change(URI, 4, [Change(range=Range(Position(1, 1), Position(1, 0)), text="-")])
    assert store.snapshot(URI).text == "ab!\n-d?"


def test_a_snapshot_does_not_change() -> None:
    store = store_with("one")
    before = store.snapshot(URI)
    assert store.snapshot(URI) is before
    store.change(URI, 2, [Change(range=None, text="two")])
    assert (before.version, before.text) == (1, "one")
    assert store.snapshot(URI).document.text == "two"


def test_lone_surrogates_become_the_replacement_character() -> None:
    """So that columns stay and the text can be written as UTF-8."""
    store = store_with("a\ud835b 𝔽")
    store.change(URI, 2, [Change(range=Range(Position(0, 3), Position(0, 3)), text="\udd3d")])
    assert store.snapshot(URI).text == "a\ufffdb\ufffd 𝔽"


def test_documents_that_are_not_open() -> None:
    store = store_with("")
    store.close(URI)
    assert store.version(URI) is None
    for ask in (lambda: store.snapshot(URI), lambda: store.change(URI, 2, [])):
        with pytest.raises(InputError, match="is not open: open it in the editor first"):
            ask()
