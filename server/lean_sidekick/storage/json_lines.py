"""Reads files of JSON objects one by one: JSON lines, and the JSON arrays of LeanDojo Benchmark.

Promises: memory does not grow with the file; whatever is wrong is one InputError that names the file and the line
(for arrays, the line that the item begins at, and its number). Knows nothing of what the objects mean.
"""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import BinaryIO

from attrs import define, frozen

from lean_sidekick.core.errors import InputError

LINE_LIMIT = 4 * 1024 * 1024
"""Bytes of one line; the longest line of the public benchmarks has 6 kB."""

ITEM_LIMIT = 32 * 1024 * 1024
"""Characters of one item of an array: a theorem of LeanDojo Benchmark with the states of all its steps."""

_CHUNK = 1024 * 1024
_BLANK = " \t\r\n"
_VISIBLE = re.compile(r"[^ \t\r\n]")


@frozen(kw_only=True)
class Record:
    """One object and where it stands, in words for a message."""

    fields: Mapping[str, object]
    place: str

    def text(self, name: str) -> str:
        """A field that must be a text with something in it. Raises InputError."""
        value = self.fields.get(name)
        if not isinstance(value, str) or not value.strip():
            raise InputError(f"{self.place}: `{name}` is missing or no text.")
        return self._whole(name, value)

    def optional_text(self, name: str) -> str:
        """A field that may be missing or null, "" then. Raises InputError if it is something else than text."""
        value = self.fields.get(name)
        if value is None:
            return ""
        if not isinstance(value, str):
            raise InputError(f"{self.place}: `{name}` is no text.")
        return self._whole(name, value)

    def _whole(self, name: str, text: str) -> str:
        """JSON can name half of a character (`\\ud800`), which nothing can be written with."""
        try:
            text.encode()
        except UnicodeEncodeError as error:
            raise InputError(f"{self.place}: `{name}` holds half a character ({text[error.start]!r}).") from None
        return text

    def number(self, name: str) -> float:
        """A field that must be a number. Raises InputError."""
        value = self.fields.get(name)
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise InputError(f"{self.place}: `{name}` is missing or no number.")
        return value

    def items(self, name: str) -> tuple[object, ...]:
        """A field that must be a list. Raises InputError."""
        value = self.fields.get(name)
        if not isinstance(value, list):
            raise InputError(f"{self.place}: `{name}` is missing or no list.")
        return tuple(value)


def read_records(path: Path) -> Iterator[Record]:
    """The objects of a file of JSON lines, or of one JSON array. Raises InputError."""
    try:
        with path.open("rb") as file:
            start = file.read(1)
            while start and start in b" \t\r\n":
                start = file.read(1)
            file.seek(0)
            yield from _array(file, path) if start == b"[" else _lines(file, path)
    except OSError as error:
        raise InputError(f"{path} cannot be read ({error.strerror}).") from None


def read_distinct_records(path: Path) -> Iterator[Record]:
    """The objects of a file, none of which may stand there twice: a copy is a mistake where lines are counted.

    Memory grows by the eight bytes of a hash an object. Raises InputError.
    """
    seen: dict[int, int] = {}
    for number, record in enumerate(read_records(path)):
        text = json.dumps(record.fields, sort_keys=True, ensure_ascii=False)
        key = int.from_bytes(hashlib.blake2b(text.encode(errors="surrogatepass"), digest_size=8).digest(), "big")
        if key in seen:
            raise InputError(f"{record.place}: the same stands already in object {seen[key] + 1} of the file.")
        seen[key] = number
        yield record


def file_digest(path: Path) -> str:
    """The SHA-256 of a file, in hexadecimal. Raises InputError."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise InputError(f"{path} cannot be read ({error.strerror}).") from None


def _lines(file: BinaryIO, path: Path) -> Iterator[Record]:
    number = 0
    while raw := file.readline(LINE_LIMIT + 1):
        number += 1
        place = f"{path}, line {number}"
        if len(raw) > LINE_LIMIT:
            raise InputError(f"{place}: the line is longer than {LINE_LIMIT // 1024 // 1024} MB.")
        if not raw.strip():
            raise InputError(f"{place}: the line is empty.")
        try:
            yield parse_record(raw.decode("utf-8"), place)
        except UnicodeDecodeError as error:
            raise InputError(f"{place}: not UTF-8 text (byte {error.start + 1} of the line).") from None
    if number == 0:
        raise InputError(f"{path} is empty.")


def _array(file: BinaryIO, path: Path) -> Iterator[Record]:
    """The items of an array, read in pieces: LeanDojo Benchmark's training file has hundreds of megabytes."""
    decoder = json.JSONDecoder()
    pieces = _pieces(file, path)
    text = _Window(next(pieces, ""))
    text.at = text.buffer.find("[") + 1
    number, expects_item = 0, True
    while True:
        text.at = _first_visible(text.buffer, text.at)
        if text.at == len(text.buffer):
            piece = next(pieces, None)
            if piece is None:
                raise InputError(f"{path}, line {text.line}: the array ends in the middle, after item {number}.")
            text.add(piece)
            continue
        if text.buffer[text.at] == "]":
            _refuse_more(text, pieces, path)
            return
        if not expects_item:
            if text.buffer[text.at] != ",":
                raise InputError(f"{path}, line {text.line}, item {number}: no comma after it.")
            text.at, expects_item = text.at + 1, True
            continue
        place = f"{path}, line {text.line}, item {number + 1}"
        try:
            value, end = decoder.raw_decode(text.buffer, text.at)
        except (ValueError, RecursionError) as error:
            # As much again as was in vain: an item is read a few times over, not once for each piece of it.
            size = len(text.buffer) - text.at
            piece = "".join(islice(pieces, max(1, size // _CHUNK))) if size <= ITEM_LIMIT else ""
            if not piece:
                reason = text.reason(error)
                raise InputError(
                    f"{place}: not JSON, or longer than {ITEM_LIMIT // 1024 // 1024} MB ({reason})."
                ) from None
            text.add(piece)
            continue
        number, text.at, expects_item = number + 1, end, False
        yield _checked(value, place)


def _refuse_more(text: "_Window", pieces: Iterator[str], path: Path) -> None:
    """Two arrays in one file, say: the second must not be lost in silence."""
    text.at += 1
    while True:
        text.at = _first_visible(text.buffer, text.at)
        if text.at < len(text.buffer):
            raise InputError(f"{path}, line {text.line}: something stands after the end of the array.")
        piece = next(pieces, None)
        if piece is None:
            return
        text.add(piece)


@define
class _Window:
    """The piece of a file that is read, and the place in it; what lies before that is dropped when more comes."""

    buffer: str
    at: int = 0
    _line: int = 1
    _counted: int = 0

    @property
    def line(self) -> int:
        """The line of the file that the place is on, from 1."""
        self._line += self.buffer.count("\n", self._counted, self.at)
        self._counted = self.at
        return self._line

    def add(self, piece: str) -> None:
        """Goes on with more of the file."""
        self._line = self.line
        self.buffer, self.at, self._counted = self.buffer[self.at :] + piece, 0, 0

    def reason(self, error: Exception) -> str:
        """What is wrong with the item at the place, with the line of the file."""
        if not isinstance(error, json.JSONDecodeError):
            return str(error)
        lines = self.buffer.count("\n", self.at, error.pos)
        return f"{error.msg}, line {self.line + lines}"


def _first_visible(text: str, start: int) -> int:
    """The offset of the first character from `start` on that is no blank, the length of the text if there is none."""
    found = _VISIBLE.search(text, start)
    return len(text) if found is None else found.start()


def _pieces(file: BinaryIO, path: Path) -> Iterator[str]:
    import codecs

    decode = codecs.getincrementaldecoder("utf-8")().decode
    try:
        while raw := file.read(_CHUNK):
            yield decode(raw)
        decode(b"", final=True)
    except UnicodeDecodeError:
        raise InputError(f"{path}: not UTF-8 text.") from None


def parse_record(text: str, place: str) -> Record:
    """The object that a text is; `place` names it in an error. Raises InputError."""
    try:
        value = json.loads(text)
    except json.JSONDecodeError as error:
        raise InputError(f"{place}: not JSON ({error.msg}, column {error.colno}).") from None
    except (ValueError, RecursionError) as error:  # brackets nested a thousand deep are a RecursionError
        raise InputError(f"{place}: not JSON ({error}).") from None
    return _checked(value, place)


def _checked(value: object, place: str) -> Record:
    if not isinstance(value, Mapping):
        raise InputError(f"{place}: an object was expected.")
    return Record(fields=value, place=place)
