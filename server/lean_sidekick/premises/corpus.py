"""Corpus files: LeanDojo's `corpus.jsonl`, one line a source file, read and written as a stream.

Each line is `{"path", "imports", "premises": [{"full_name", "code", "start", "end", "kind"}]}`; positions are
`[line, column]`, both from 1, and imports are paths. What LeanDojo's files do not hold (statement, arguments, doc
string, attributes, deprecation, what statement and proof use, the module) is written beside it under names of our own;
a file without them is read from its `code`. Arguments are written for others: we read them from the statement. Columns
are written as we have them, in UTF-16 units.

A line that cannot be read is reported and left out; the rest is used. LeanDojo's files also have premises without a
name or a text (`null`, `user__.n…`, names of a mutual block in brackets): they are left out in silence, as its own
readers do. A file is written under another name first, so that one that was written half is never taken for a whole
one.
"""

import json
import os
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from attrs import evolve, frozen

from lean_sidekick.core.declarations import split_name
from lean_sidekick.core.errors import InputError
from lean_sidekick.core.positions import Position
from lean_sidekick.core.premises import CorpusFile, Premise
from lean_sidekick.premises.source_scan import read_source

# Where LeanDojo's paths have the sources of packages, and of Lean itself.
_PACKAGES = (".lake/packages/", "lake-packages/")
_DAMAGED = (ValueError, TypeError, KeyError, AttributeError)
_BROKEN_OFF = "the file ends in the middle of it; it was not written to its end"
_LINE_LIMIT = 64 * 2**20
_SOURCE_FOLDERS = ("src/lean/", "src/")


@frozen(kw_only=True)
class Skipped:
    """Something that was left out of a corpus, by name, and why, in words."""

    name: str
    reason: str


OnSkipped = Callable[[Skipped], None]


def read_corpus(path: Path, on_skipped: OnSkipped) -> Iterator[CorpusFile]:
    """The files of a corpus, one at a time.

    Raises:
        InputError: the file cannot be read, or none of its lines is one of a corpus.
    """
    count = skipped = 0
    try:
        with path.open("rb") as lines:
            number = 0
            while line := lines.readline(_LINE_LIMIT + 1):
                number += 1
                if not line.strip():
                    continue
                if len(line) > _LINE_LIMIT:
                    raise InputError(f"{path}, line {number}: longer than {_LINE_LIMIT // 2**20} MB, so no corpus.")
                try:
                    found = _read_file(json.loads(line))
                except _DAMAGED as error:
                    skipped += 1
                    is_cut = isinstance(error, ValueError) and not line.endswith(b"\n")
                    reason = _BROKEN_OFF if is_cut else _why(error)
                    on_skipped(Skipped(name=f"{path}, line {number}", reason=reason))
                    continue
                count += 1
                yield found
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror or error}.") from error
    if skipped and not count:
        raise InputError(f"{path} is no corpus: none of its lines is a JSON object with `path` and `premises`.")


def write_corpus(path: Path, files: Iterable[CorpusFile]) -> int:
    """Writes a corpus, replacing what was there only when all is written; the number of premises.

    Raises:
        InputError: the file cannot be written.
    """
    paths: dict[str, str] = {}
    count = 0
    temporary: str | None = None
    try:
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as out:
            for file in files:
                paths[file.module] = file.path
                out.write(corpus_line(file, paths) + "\n")
                count += len(file.premises)
        Path(temporary).replace(path)
        temporary = None
    except OSError as error:
        raise InputError(f"{path} cannot be written: {error.strerror or error}.") from error
    finally:
        if temporary is not None:
            Path(temporary).unlink(missing_ok=True)
    return count


def corpus_line(file: CorpusFile, paths: Mapping[str, str]) -> str:
    """The line of a file, without a line end; `paths` are those of modules, where it is not the one a module names."""
    return json.dumps(_file_object(file, paths), ensure_ascii=False, separators=(",", ":"))


def corpus_file(data: Mapping[str, Any], place: str) -> CorpusFile:
    """The file in the object of a line; `place` names the line in an error. Raises InputError."""
    try:
        return _read_file(data)
    except _DAMAGED as error:
        raise InputError(f"{place}: {_why(error)}.") from None


def module_path(module: str) -> str:
    """The path of a module's source below the folder that holds its first part."""
    return "/".join(part.strip("«»") for part in split_name(module)) + ".lean"


def module_of(path: str) -> str:
    """The module that a path of a corpus stands for, as far as the path tells."""
    for folder in _PACKAGES:
        _, found, rest = path.rpartition(folder)
        if found:
            path = rest.partition("/")[2]
            break
    for folder in _SOURCE_FOLDERS:
        path = path.removeprefix(folder)
    return ".".join(_component(part) for part in path.removesuffix(".lean").split("/") if part not in ("", "."))


def _component(part: str) -> str:
    is_plain = part[:1].isalpha() or part[:1] == "_"
    return part if is_plain and all(c.isalnum() or c in "_'!?" for c in part) else f"«{part}»"


def _read_file(data: Mapping[str, Any]) -> CorpusFile:
    path = _text(data["path"])
    module = _text(data.get("module") or module_of(path))
    premises = data["premises"]
    if not isinstance(premises, list):
        raise TypeError("`premises` is no list")
    return CorpusFile(
        path=path,
        module=module,
        imports=tuple(_module_of_import(_text(name)) for name in data.get("imports") or ()),
        premises=tuple(_read_premise(premise, module) for premise in premises if _is_named(premise)),
    )


def _is_named(data: dict[str, Any]) -> bool:
    """Whether a premise has a name and a text; faults of LeanDojo's syntax trees have not."""
    name = data["full_name"]
    if name is None or data.get("code") == "":
        return False
    return not isinstance(name, str) or not ("user__.n" in name or (name.startswith("[") and name.endswith("]")))


def _module_of_import(name: str) -> str:
    return module_of(name) if name.endswith(".lean") else name


def _read_premise(data: dict[str, Any], module: str) -> Premise:
    statement = data.get("statement")
    premise = Premise(full_name=_text(data["full_name"]), kind=_text(data.get("kind") or ""), statement="")
    if isinstance(statement, str):
        premise = evolve(
            premise,
            kind=_text(data.get("declaration") or premise.kind),
            statement=_text(statement),
            doc=_text(data.get("doc") or ""),
            attributes=tuple(map(_text, data.get("attributes") or ())),
            deprecated=None if data.get("deprecated") is None else _text(data["deprecated"]),
            constants=_names(data.get("constants")),
            uses=_names(data.get("uses")),
        )
    else:
        premise = _from_code(premise, _text(data.get("code") or ""))
    return evolve(premise, module=module, start=_position(data.get("start")), end=_position(data.get("end")))


def _from_code(premise: Premise, code: str) -> Premise:
    """A premise of LeanDojo's own: its statement is read from its source text."""
    found = read_source(code, path="", module="").premises
    if not found:
        return evolve(premise, statement=" ".join(code.split()))
    first = found[0]
    return evolve(
        premise,
        kind=first.kind,
        statement=first.statement,
        doc=first.doc,
        attributes=first.attributes,
        deprecated=first.deprecated,
    )


def _file_object(file: CorpusFile, paths: Mapping[str, str]) -> dict[str, Any]:
    return {
        "path": file.path,
        "imports": [paths.get(name) or module_path(name) for name in file.imports],
        "premises": [_premise_object(premise) for premise in file.premises],
        "module": file.module,
    }


def _premise_object(premise: Premise) -> dict[str, Any]:
    data: dict[str, Any] = {
        "full_name": premise.full_name,
        "code": f"{premise.kind} {premise.full_name} {premise.statement}".rstrip(),
        "start": _pair(premise.start),
        "end": _pair(premise.end),
        "kind": premise.kind,
        "statement": premise.statement,
    }
    more = {
        "arguments": [{"name": a.name, "type": a.type, "binder": a.kind.value} for a in premise.arguments],
        "doc": premise.doc,
        "attributes": list(premise.attributes),
    }
    said = {  # where an empty value is not a missing one
        "deprecated": premise.deprecated,
        "constants": None if premise.constants is None else list(premise.constants),
        "uses": None if premise.uses is None else list(premise.uses),
    }
    data |= {name: value for name, value in more.items() if value}
    return data | {name: value for name, value in said.items() if value is not None}


def _names(value: list[object] | None) -> tuple[str, ...] | None:
    return None if value is None else tuple(map(_text, value))


def _pair(position: Position | None) -> list[int] | None:
    return None if position is None else [position.line + 1, position.character + 1]


def _position(pair: object) -> Position | None:
    if pair is None:
        return None
    if not isinstance(pair, list) or len(pair) != 2 or not all(type(n) is int and n >= 1 for n in pair):
        raise TypeError("a position is no pair of numbers from 1")
    return Position(pair[0] - 1, pair[1] - 1)


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("a text is no text")
    try:
        value.encode()
    except UnicodeEncodeError as error:
        # JSON can name half of a character, which no store and no model can take.
        raise TypeError(f"a text in it holds half a character (`{value[error.start]!r}`)") from None
    return value


def _why(error: Exception) -> str:
    if isinstance(error, KeyError):
        return f"it has no `{error.args[0]}`"
    if isinstance(error, ValueError):
        return "it is no JSON"
    return str(error) if isinstance(error, TypeError) and "`" in str(error) else "it is no file of a corpus"
