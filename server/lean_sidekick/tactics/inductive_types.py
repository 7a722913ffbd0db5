"""Inductive types that a file declares, read from its text, so that data of such a type can be split.

Types are known by the last part of their names, and a later one hides an earlier one. What the text does not show
plainly (families over indices, constructors by notation) is left out: then nothing is offered for that type. Pure; a
guess only decides what is worth trying.
"""

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache

from attrs import frozen

from lean_sidekick.core.scanner import mask_non_code
from lean_sidekick.core.term_reader import read_binders
from lean_sidekick.core.terms import BinderKind, Term
from lean_sidekick.tactics.goal_shape import telescope
from lean_sidekick.tactics.names import Names

MAX_CONSTRUCTORS = 8
_READ_CHARS = 100_000
"""What stands further up is not read: it would take too long for an event loop."""

_INDUCTIVE = re.compile(
    r"^[ \t]*(?:(?:private|protected|unsafe)[ \t]+)*inductive[ \t]+(?P<name>[^\W\d][\w'.]*)"
    r"(?P<head>(?:[^|\n]|\n(?=[ \t|]))*)(?P<body>\|(?:[^\n]|\n(?=[ \t|]|\n[ \t|]))*)",
    re.MULTILINE,
)
_STRUCTURE = re.compile(
    r"^[ \t]*(?:(?:private|protected|unsafe)[ \t]+)*structure[ \t]+(?P<name>[^\W\d][\w'.]*)(?P<head>[^\n]*?)"
    r"(?:\bwhere|:=)[ \t]*(?P<body>(?:[^\n]|\n(?=[ \t]|[ \t]*\n[ \t]))*)",
    re.MULTILINE,
)
_OWN_NAME = re.compile(r"\s*(?P<name>[^\W\d][\w']*)[ \t]*::")
_FIELDS = re.compile(
    r"^[ \t]*(?:(?P<names>[^\W\d][\w']*(?:[ \t]+[^\W\d][\w']*)*)[ \t]*:(?!=)|(?P<binders>\(.*))", re.MULTILINE
)
_CONSTRUCTOR = re.compile(r"\|\s*(?P<name>[^\W\d][\w']*)(?P<type>[^|]*)")
_FUNCTION = re.compile(r"\b(?:def|abbrev)[ \t]+(?P<name>[^\W\d][\w'.]*)")
_PARTS = ("l", "r")
"""What two parts without names are called, as in a tree."""
_DERIVING = re.compile(r"\bderiving\b.*", re.DOTALL)


@frozen
class Constructor:
    """A constructor with the names of its explicit fields; `recursive` says which have an induction hypothesis."""

    name: str
    fields: tuple[str, ...] = ()
    recursive: tuple[int, ...] = ()


@lru_cache(maxsize=8)
def inductive_types(text: str) -> Mapping[str, tuple[Constructor, ...]]:
    """The constructors of the types of data that a text declares, by the last part of the type's name."""
    if "inductive" not in text and "structure" not in text:
        return {}
    code = mask_non_code(text[-_READ_CHARS:])
    found: dict[str, tuple[Constructor, ...]] = {}
    for match in _STRUCTURE.finditer(code):
        if (made := _maker(match["head"], match["body"])) is not None:
            found[match["name"].rpartition(".")[2]] = (made,)
    for written, head, body in written_inductives(code):
        name = written.rpartition(".")[2]
        constructors = tuple(_constructors(name, body))
        is_data = not _is_family_or_proposition(head)
        if is_data and constructors and None not in constructors and len(constructors) <= MAX_CONSTRUCTORS:
            found[name] = tuple(c for c in constructors if c is not None)
        else:
            found.pop(name, None)
    return found


def written_inductives(code: str) -> Iterator[tuple[str, str, str]]:
    """The name, what stands between it and the first bar, and the constructors of each `inductive`."""
    for match in _INDUCTIVE.finditer(code[-_READ_CHARS:]):
        yield match["name"], match["head"], _DERIVING.sub("", match["body"])


@lru_cache(maxsize=8)
def constructor_names(text: str) -> frozenset[str]:
    """What the constructors of a text's types are called; a short name only where no function has it too."""
    functions = {match["name"].rpartition(".")[2] for match in _FUNCTION.finditer(text[-_READ_CHARS:])}
    return frozenset(
        name
        for declared, constructors in inductive_types(text).items()
        for constructor in constructors
        for name in (constructor.name, f"{declared}.{constructor.name}")
        if name not in functions
    )


def _maker(head: str, body: str) -> Constructor | None:
    """The constructor of a structure, None for one that extends others or is a proposition."""
    if re.search(r"\bextends\b|:[ \t]*Prop\b", head):
        return None
    own = _OWN_NAME.match(body)
    rest = _DERIVING.sub("", body if own is None else body[own.end() :])
    names = Names(())
    fields = tuple(names.fresh(name) for match in _FIELDS.finditer(rest) for name in _field_names(match))
    return Constructor(own["name"] if own is not None else "mk", fields) if fields else None


def _field_names(line: re.Match[str]) -> Iterator[str]:
    """The fields that a line of a structure declares, as `x y : Nat` or `(x : Nat) (y : Nat)`."""
    if line["names"]:
        yield from line["names"].split()
    elif (term := read_binders(f"{line['binders']} : _")) is not None:
        yield from (argument.name for argument in telescope(term)[0])


def _is_family_or_proposition(head: str) -> bool:
    """Whether what follows the name says that the type has indices, or that it is no type of data."""
    depth = 0
    for place, mark in enumerate(head):
        depth += (mark in "([{") - (mark in ")]}")
        if mark == ":" and depth == 0 and not head.startswith(":=", place):
            return "→" in head[place:] or "->" in head[place:] or "Prop" in head[place:]
    return False


def _constructors(type_name: str, body: str) -> Iterator[Constructor | None]:
    for match in _CONSTRUCTOR.finditer(body):
        written = match["type"].strip()
        if not written:
            yield Constructor(match["name"])
            continue
        yield _constructor(type_name, match["name"], written)


def _constructor(type_name: str, name: str, written: str) -> Constructor | None:
    """A constructor from its binders and type, None if they cannot be read."""
    has_type = re.match(r"(?:[({\[⦃][^:]*:[^:]*?[)}\]⦄]\s*)*:", written) is not None
    term = read_binders(written if has_type else f"{written} : {type_name}")
    if term is None:
        return None
    arguments = [a for a in telescope(term)[0] if a.kind is BinderKind.EXPLICIT]
    recursive = tuple(i for i, a in enumerate(arguments) if a.type is not None and _ends_in(a.type, type_name))
    names = Names(())
    parts = iter(_PARTS if len(recursive) == len(_PARTS) else type_name[0].lower() * len(recursive))
    fields = []
    for index, argument in enumerate(arguments):
        part = next(parts) if index in recursive else ""
        is_named = argument.name.strip("_✝") != ""
        fields.append(names.fresh(part) if part and not is_named else names.variable(argument.name, argument.type))
    return Constructor(name, tuple(fields), recursive)


def _ends_in(term: Term, type_name: str) -> bool:
    """Whether a field is of the type, or a function to it."""
    return telescope(term)[1].head.rpartition(".")[2] == type_name
