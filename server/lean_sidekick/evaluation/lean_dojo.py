"""LeanDojo Benchmark's theorems as items to prove.

Its files name a theorem by file and position and carry no statement, so the text comes from a checkout of the
repository that they were traced from, at the same commit; the benchmark's licence is that repository's. The steps of
the reference proof in the same object are never read here.
"""

from functools import lru_cache
from pathlib import Path

from attrs import define

from lean_sidekick.core.declarations import Outline
from lean_sidekick.core.errors import InputError
from lean_sidekick.core.positions import TextMap
from lean_sidekick.evaluation.items import Format, Item, item_name
from lean_sidekick.storage.json_lines import Record

_PATH_LIMIT = 4096


@define
class CheckoutReader:
    """Reads items from a checkout; `project` is its folder, None if none was named."""

    project: Path | None

    def read(self, record: Record) -> Item:
        """The item of one object: the file up to the theorem's `:= by`. Raises InputError."""
        name = record.text("full_name")
        path = self._path(record)
        line = _line(record)
        try:
            text, outline = _outline(path)
        except (OSError, UnicodeDecodeError) as error:
            raise InputError(
                f"{record.place}: {path} cannot be read ({error}); is the checkout at the benchmark's commit?"
            ) from None
        text_map = TextMap(text)
        if not 1 <= line <= text_map.line_count:
            raise InputError(f"{record.place}: {path} has no line {line}; is the checkout at the benchmark's commit?")
        start, end = text_map.line_start(line - 1), text_map.line_end(line - 1)
        declaration = outline.declaration_at(end)
        if declaration is None or declaration.body_start is None or declaration.end < start:
            raise InputError(f"{record.place}: no theorem stands at line {line} of {path}.")
        if declaration.name is None or name.split(".")[-1] != declaration.name.split(".")[-1]:
            raise InputError(
                f"{record.place}: at line {line} of {path} stands {declaration.label}, not {name}; is the checkout at "
                "the benchmark's commit?"
            )
        header = text[: declaration.body_start].rstrip()
        if not header.endswith(":="):
            raise InputError(f"{record.place}: {name} is not written with `:=`, so it has no statement to prove.")
        return Item(name=item_name(record, Format.LEANDOJO), text=f"{header} by\n", declared=name)

    def _path(self, record: Record) -> Path:
        if self.project is None:
            commit = record.optional_text("commit") or "its commit"
            url = record.optional_text("url") or "the repository"
            raise InputError(
                f"{record.place}: LeanDojo Benchmark names its theorems by position; name a checkout of {url} at "
                f"{commit} with --project."
            )
        named = record.text("file_path")
        path = self.project / named
        if len(named) > _PATH_LIMIT or not path.resolve().is_relative_to(self.project.resolve()):
            raise InputError(f"{record.place}: {named[:80]} is not in the checkout.")
        return path


def _line(record: Record) -> int:
    start = record.items("start")
    if len(start) != 2 or not isinstance(start[0], int):
        raise InputError(f"{record.place}: `start` is not a line and a column.")
    return start[0]


@lru_cache(maxsize=4)
def _outline(path: Path) -> tuple[str, Outline]:
    """A source file's text and commands; items of one file stand together in the benchmark."""
    text = path.read_text(encoding="utf-8")
    return text, Outline(text)
