"""Field notation taken apart: `xs.reverse.length` is `length (List.reverse xs)`. Pure.

Lean of today prints `s.card` and `(xs ++ ys).length` where that of 2021 prints applications, and people write both;
what is counted and compared must be the same. A function has its whole name (`List.reverse`) where the type of the
variable in front is known, else its last part. Which argument the object is, no text tells: it is taken for the first.
"""

import operator
import re
from collections.abc import Mapping

from lean_sidekick.core.declarations import split_name
from lean_sidekick.core.term_reader import read_term
from lean_sidekick.core.terms import IDENTIFIER, Shape, Term, application, atom, with_args

_FIELD_OF_BRACKET = re.compile(rf"[)\]⟩}}]\.(?P<field>{IDENTIFIER.pattern})$")

# What the parts of a pair are called by names.
_PARTS = {"1": "fst", "2": "snd"}

Types = Mapping[str, str]
"""The constant at the head of the type of each local variable, "" where it is not known."""


def without_fields(term: Term, types: Types) -> Term:
    """The term with field notation as applications."""
    if not term.args:
        if "." not in term.text:
            return term
        return _of_name(term, types) if term.shape is Shape.ATOM else _of_bracket(term, types)
    args = tuple(without_fields(arg, types) for arg in term.args)
    return term if all(map(operator.is_, args, term.args)) else with_args(term, args)


def field_names(name: str, type_head: str) -> tuple[str, ...]:
    """The functions in the fields of a dotted name, `reverse`, `List.reverse` and `length` for those of a list."""
    fields = [_PARTS.get(field, field) for field in split_name(name)[1:]]
    first = (f"{type_head}.{fields[0]}",) if fields and type_head else ()
    return (*fields, *first)


def _of_name(term: Term, types: Types) -> Term:
    first, *fields = split_name(term.text)
    if not fields or first not in types:
        return term
    return _applied(atom(first), fields, types[first])


def _of_bracket(term: Term, types: Types) -> Term:
    found = _FIELD_OF_BRACKET.search(term.text)
    if found is None:
        return term
    inner = read_term(term.text[: found.start() + 1])
    if inner.shape is Shape.OPAQUE and inner.text == term.text:
        return term
    return _applied(without_fields(inner, types), split_name(found["field"]), "")


def _applied(inner: Term, fields: list[str], type_head: str) -> Term:
    for field in (_PARTS.get(field, field) for field in fields):
        inner = application(atom(f"{type_head}.{field}" if type_head else field), (inner,))
        type_head = ""
    return inner
