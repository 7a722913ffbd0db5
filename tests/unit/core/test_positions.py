"""Positions: UTF-16 columns to code points and back, lines that end at LF only, and edits."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lean_sidekick.core.positions import Position, Range, TextEdit, TextMap, apply_edits, utf16_length

# Every character that some library splits lines at, and characters of one and of two UTF-16 units.
TEXTS = st.text(alphabet="a α𝔸\n\r\u2028\u2029\x0b\x0c\x85\x1c", max_size=60)


@given(TEXTS, st.data())
def test_an_offset_comes_back_from_its_position(text: str, data: st.DataObject) -> None:
    text_map = TextMap(text)
    offset = data.draw(st.integers(0, len(text)))
    position = text_map.position(offset)
    assert text_map.offset(position) == offset
    before = text[:offset].split("\n")
    assert position == Position(len(before) - 1, len(before[-1].encode("utf-16-le")) // 2)


@given(TEXTS)
def test_lines_end_at_lf_only(text: str) -> None:
    text_map = TextMap(text)
    assert [text_map.line_text(line) for line in range(text_map.line_count)] == text.split("\n")
    assert [text_map.line_of(text_map.line_start(line)) for line in range(text_map.line_count)] == list(
        range(text_map.line_count)
    )


@given(TEXTS, st.integers(0, 80), st.integers(0, 80))
def test_positions_outside_the_text_are_moved_into_it(text: str, line: int, character: int) -> None:
    text_map = TextMap(text)
    offset = text_map.offset(Position(line, character))
    assert 0 <= offset <= len(text)
    if line < text_map.line_count:
        assert text_map.line_start(line) <= offset <= text_map.line_end(line)


def test_a_column_inside_a_surrogate_pair_means_behind_it() -> None:
    assert TextMap("𝔸b").offset(Position(0, 1)) == 1


def test_a_carriage_return_belongs_to_its_line() -> None:
    text_map = TextMap("a\r\nb")
    assert text_map.line_text(0) == "a\r"
    assert text_map.position(3) == Position(1, 0)


def test_utf16_length() -> None:
    assert utf16_length("a𝔸α") == 4


def test_ranges() -> None:
    text_map = TextMap("ab\ncd")
    one, other = text_map.range(0, 2), text_map.range(2, 4)
    assert one == Range(Position(0, 0), Position(0, 2))
    assert one.contains(Position(0, 2)) and not one.contains(Position(1, 0))
    assert one.meets(other) and not one.meets(text_map.range(3, 5))


@given(TEXTS, st.data())
def test_edits_replace_what_they_name_and_nothing_else(text: str, data: st.DataObject) -> None:
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=6).filter(lambda cuts: len(cuts) % 2 == 0)))
    edits = [
        TextEdit(start=start, end=end, new_text=data.draw(st.text(max_size=3)))
        for start, end in zip(cuts[::2], cuts[1::2], strict=True)
    ]
    expected = text
    for edit in reversed(edits):
        expected = expected[: edit.start] + edit.new_text + expected[edit.end :]
    assert apply_edits(text, edits) == expected


def test_the_order_in_which_edits_are_given_does_not_matter() -> None:
    edits = [TextEdit(start=2, end=3, new_text="C"), TextEdit(start=0, end=1, new_text="A")]
    assert apply_edits("abc", edits) == "AbC"


def test_overlapping_edits_are_refused() -> None:
    with pytest.raises(ValueError, match="overlapping"):
        apply_edits("abc", [TextEdit(start=0, end=2, new_text=""), TextEdit(start=1, end=3, new_text="")])
