"""FILE:LINE:COL and Lean files named on the command line."""

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lean_sidekick.cli.places import MAX_FILE_BYTES, Place, parse_place, place_position, read_lean_file
from lean_sidekick.core.errors import InputError
from lean_sidekick.core.positions import Position, TextMap


@pytest.mark.parametrize(
    ("text", "path", "line", "column"),
    [
        ("A.lean:1:1", "A.lean", 1, 1),
        ("dir/My File.lean:12:034", "dir/My File.lean", 12, 34),
        (r"C:\proofs\A.lean:3:4", r"C:\proofs\A.lean", 3, 4),
        ("odd:name:5:6", "odd:name", 5, 6),
    ],
)
def test_places_are_read(text: str, path: str, line: int, column: int) -> None:
    assert parse_place(text) == Place(path=Path(path), line=line, column=column)


@pytest.mark.parametrize(
    "text", ["A.lean", "A.lean:1", "A.lean:1:", "A.lean:x:1", "A.lean:-1:1", ":1:1", "", "A.lean:1:1:", "A:1:²"]
)
def test_what_is_no_place_says_how_to_write_one(text: str) -> None:
    with pytest.raises(InputError, match="write FILE:LINE:COL, for example"):
        parse_place(text)


@pytest.mark.parametrize("text", ["A.lean:0:1", "A.lean:1:0"])
def test_places_count_from_one(text: str) -> None:
    with pytest.raises(InputError, match="count from 1"):
        parse_place(text)


def position(text: str, line: int, column: int) -> Position:
    return place_position(Place(path=Path("A.lean"), line=line, column=column), text)


def test_columns_are_code_points_and_positions_utf16() -> None:
    """𝔸 is one character for people and two units for the protocol."""
    assert position("𝔸 → 𝔹\n", 1, 5) == Position(0, 5)
    assert position("𝔸 → 𝔹\n", 1, 6) == Position(0, 7)


def test_the_end_of_a_line_and_of_a_file_are_places() -> None:
    assert position("ab\ncd", 2, 3) == Position(1, 2)
    assert position("ab\n", 2, 1) == Position(1, 0)
    assert position("", 1, 1) == Position(0, 0)


def test_a_carriage_return_is_no_column() -> None:
    assert position("ab\r\nc", 1, 3) == Position(0, 2)
    with pytest.raises(InputError, match="has 2 characters"):
        position("ab\r\nc", 1, 4)


def test_places_outside_the_file() -> None:
    with pytest.raises(InputError, match=r"A\.lean has 2 lines, so there is no line 3"):
        position("ab\ncd", 3, 1)
    with pytest.raises(InputError, match=r"Line 2 of A\.lean has 2 characters, so there is no column 4"):
        position("ab\ncd", 2, 4)


@given(st.text(), st.data())
def test_every_offset_has_a_place_that_leads_back(text: str, data: st.DataObject) -> None:
    text = text.replace("\r", "")
    offset = data.draw(st.integers(0, len(text)))
    line = text.count("\n", 0, offset)
    column = offset - (text.rfind("\n", 0, offset) + 1)
    assert TextMap(text).offset(position(text, line + 1, column + 1)) == offset


def test_a_file_is_read_as_it_is(tmp_path: Path) -> None:
    """Line ends and a missing last one stay: an edit is written back into this text."""
    path = tmp_path / "Ünï Code.lean"
    path.write_bytes("a\r\nb\u2028c\nd".encode())
    document = read_lean_file(path)
    assert document.text == "a\r\nb\u2028c\nd"
    assert document.uri == path.as_uri()
    assert document.version == 1


def test_the_uri_names_a_link_as_it_was_named(tmp_path: Path) -> None:
    """An editor names the file by its link too, and a project root is looked for above it."""
    (tmp_path / "A.lean").write_text("")
    (tmp_path / "B.lean").symlink_to(tmp_path / "A.lean")
    assert read_lean_file(tmp_path / "B.lean").uri == (tmp_path / "B.lean").as_uri()


def test_the_uri_of_a_relative_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "A.lean").write_text("")
    monkeypatch.chdir(tmp_path / "sub")
    assert read_lean_file(Path("../A.lean")).uri == (tmp_path.resolve() / "A.lean").as_uri()


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    """Each gets one sentence that says what to do, and none of them hangs."""
    (tmp_path / "latin.lean").write_bytes(b"-- ok\n-- \xe9\n")
    with (tmp_path / "big.lean").open("wb") as big:
        big.truncate(MAX_FILE_BYTES + 1)
    os.mkfifo(tmp_path / "pipe.lean")
    for path, sentence in [
        (tmp_path / "none.lean", "There is no file"),
        (tmp_path / "none" / "A.lean", "There is no file"),
        (tmp_path, "is a folder: name one Lean file in it"),
        (tmp_path / "latin.lean", r"is not UTF-8 text \(line 2\)"),
        (tmp_path / "big.lean", "is larger than 8 MiB"),
        (tmp_path / "pipe.lean", "is no ordinary file"),
        (tmp_path / "latin.lean" / "A.lean", "There is no file|cannot be read"),
        (Path("a\0b"), "cannot be read|There is no file"),
    ]:
        with pytest.raises(InputError, match=sentence):
            read_lean_file(path)
