"""Laws of the classes and structures that a file declares: fields that state something, as premises.

`class Shape (α : Type) where area : α → Nat; area_pos : ∀ s, 0 < area s` gives `Shape.area_pos`, with the fields
that it speaks of under their full names and, for a structure, of one `self`. Read from text, like `inductive_types`:
what is not understood is left out. Pure.
"""

import re
from collections.abc import Iterator
from functools import lru_cache

from lean_sidekick.core.premises import Premise
from lean_sidekick.core.scanner import mask_non_code
from lean_sidekick.core.term_reader import read_binders
from lean_sidekick.core.terms import Term, application, atom, substitute
from lean_sidekick.tactics.goal_shape import is_statement, telescope

_READ_CHARS = 100_000
_DECLARED = re.compile(
    r"^[ \t]*(?:(?:private|protected|noncomputable)[ \t]+)*(?P<word>class|structure)[ \t]+(?:inductive[ \t]+)?"
    r"(?P<name>[^\W\d][\w'.]*)(?P<head>[^\n]*?)(?:\bwhere|:=)[ \t]*(?P<body>(?:[^\n]|\n(?=[ \t]|[ \t]*\n[ \t]))*)",
    re.MULTILINE,
)
_FIELD = re.compile(r"(?P<name>[^\W\d][\w']*)\s*(?P<rest>[:({\[⦃].*)", re.DOTALL)
_BRACKETS = str.maketrans({"(": "{", ")": "}"})
_SELF = "self"


@lru_cache(maxsize=8)
def law_premises(text: str) -> tuple[Premise, ...]:
    """The laws that the classes and structures of a text state, in order."""
    if "class" not in text and "structure" not in text:
        return ()
    code = mask_non_code(text[-_READ_CHARS:])
    return tuple(law for match in _DECLARED.finditer(code) for law in _laws(match))


def _laws(declared: re.Match[str]) -> Iterator[Premise]:
    name, head = declared["name"], declared["head"].partition("extends")[0]
    if re.search(r":[ \t]*Prop\b", head) and declared["word"] == "structure":
        return
    parameters = "".join(re.findall(r"[(\[{⦃][^()\[\]{}⦃⦄]*[)\]}⦄]", head))
    is_class = declared["word"] == "class"
    fields: dict[str, Term] = {}
    types: dict[str, Term] = {}
    for written in _written_fields(declared["body"]):
        field = _FIELD.match(written)
        statement = read_binders(_without_default(field["rest"])) if field is not None else None
        if field is None or statement is None:
            continue
        full = atom(f"{name}.{field['name']}")
        arguments, conclusion = telescope(statement)
        known = types | {argument.name: argument.type for argument in arguments if argument.name and argument.type}
        if is_statement(conclusion, known):
            stated = substitute(statement, fields).rendered
            own = "" if is_class else f"({_SELF} : {_applied(name, parameters)})"
            binders = f"{parameters.translate(_BRACKETS)} {own}".strip()
            yield Premise(full_name=full.text, kind="theorem", statement=f"{binders} : {stated}".strip())
        types[field["name"]] = statement
        fields[field["name"]] = full if is_class else application(full, [atom(_SELF)])


def _written_fields(body: str) -> Iterator[str]:
    """The texts of the fields: what is indented further goes on with the field above."""
    lines = [line for line in body.splitlines() if line.strip()]
    least = min((_indentation(line) for line in lines if _indentation(line)), default=0)
    field: list[str] = []
    for line in lines:
        if field and _indentation(line) <= least:
            yield " ".join(field)
            field = []
        field.append(line.strip())
    yield " ".join(field)


def _indentation(line: str) -> int:
    return len(line) - len(line.lstrip())


def _without_default(written: str) -> str:
    """A field's binders and type, without the value or proof that it has when nothing is said."""
    return " ".join(written.partition(":=")[0].split())


def _applied(name: str, parameters: str) -> str:
    """A structure's name applied to its explicit parameters."""
    names = [one for group in re.findall(r"\(([^()]*):", parameters) for one in group.split()]
    return " ".join([name, *names])
