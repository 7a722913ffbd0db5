"""Places on the command line: FILE:LINE:COL, and the Lean files they are in.

Lines and columns count from 1, columns in Unicode code points. Everything that is wrong with a place or a file is
an InputError whose sentence says what to do. Files are read as they are: no line end is changed.
"""

import re
from pathlib import Path

from attrs import frozen

from lean_sidekick.core.errors import InputError
from lean_sidekick.core.positions import Position, TextMap
from lean_sidekick.engine.api import DocumentText

MAX_FILE_BYTES = 8 * 1024 * 1024
# The path may hold colons itself, as in C:\proofs\A.lean.
_PLACE = re.compile(r"(?P<path>.+):(?P<line>[0-9]{1,9}):(?P<column>[0-9]{1,9})", re.DOTALL)


@frozen(kw_only=True)
class Place:
    """A file, and a line and a column in it that count from 1."""

    path: Path
    line: int
    column: int


def parse_place(text: str) -> Place:
    """Reads FILE:LINE:COL. Raises InputError."""
    match = _PLACE.fullmatch(text)
    if match is None:
        raise InputError(f"'{text}' is not a place: write FILE:LINE:COL, for example Proofs/Basic.lean:12:3.")
    line, column = int(match["line"]), int(match["column"])
    if line < 1 or column < 1:
        raise InputError(f"'{text}' is not a place: lines and columns count from 1.")
    return Place(path=Path(match["path"]), line=line, column=column)


def place_position(place: Place, text: str) -> Position:
    """The position of a place in the text of its file; just after the last character of a line is in it.

    Raises InputError if the file has no such line or column.
    """
    text_map = TextMap(text)
    line = place.line - 1
    if line >= text_map.line_count:
        raise InputError(f"{place.path} has {text_map.line_count} lines, so there is no line {place.line}.")
    length = len(text_map.line_text(line).removesuffix("\r"))
    if place.column > length + 1:
        raise InputError(
            f"Line {place.line} of {place.path} has {length} characters, so there is no column {place.column}."
        )
    return text_map.position(text_map.line_start(line) + place.column - 1)


def read_lean_file(path: Path) -> DocumentText:
    """Version 1 of the document that a file on disk is. Raises InputError."""
    try:
        if path.is_dir():
            raise InputError(f"{path} is a folder: name one Lean file in it.")
        if path.exists() and not path.is_file():
            raise InputError(f"{path} is no ordinary file: save the text in one first.")
        if path.stat().st_size > MAX_FILE_BYTES:
            raise InputError(f"{path} is larger than {MAX_FILE_BYTES >> 20} MiB: split it, or name another file.")
        data = path.read_bytes()
    except FileNotFoundError:
        raise InputError(f"There is no file {path}: look at the path, which starts at {Path.cwd()}.") from None
    except (OSError, ValueError) as error:
        raise InputError(f"{path} cannot be read: {getattr(error, 'strerror', None) or error}.") from None
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise InputError(f"{path} is not UTF-8 text (line {line}): save it as UTF-8, as Lean wants it.") from None
    # Links stay: the URI names the file as an editor would. Only what is above `..` has to be looked up.
    whole = path.resolve() if ".." in path.parts else path.absolute()
    return DocumentText(uri=whole.as_uri(), version=1, text=text)
