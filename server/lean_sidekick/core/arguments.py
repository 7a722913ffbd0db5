"""The arguments of a declaration, read from its statement: `(a b : Nat) [Inhabited α] (h : a = b) : b = a → …`.

What stands before the colon, and what the type goes on to take, `∀` and `→`, in order. Types come as they are printed,
with a pair of parentheses too many rather than too few, without default values. A type that is not understood is not
looked into: arguments behind its colon are missing then. Pure; knows no types, so a definition that hides an arrow
(`Set.Injective f`) takes none here.
"""

from attrs import frozen

from lean_sidekick.core.scanner import BRACKET_PAIRS
from lean_sidekick.core.term_reader import read_binders, read_term
from lean_sidekick.core.terms import BinderKind, Term

_UNNAMED = "✝"


@frozen(kw_only=True)
class PremiseArgument:
    """One argument; `name` is empty for hypotheses and instances without one, `type` where none is written."""

    name: str
    type: str
    kind: BinderKind


def read_arguments(statement: str) -> tuple[PremiseArgument, ...]:
    """The arguments that a statement shows, in order."""
    text = statement.strip()
    groups = leading_groups(text)
    rest = text[len(groups) :].lstrip()
    term: Term | None = None
    if rest.startswith(":"):
        term = read_binders(text)
    elif rest.startswith("→") or not groups:
        term = read_term(text)
    # A structure or a definition may have no type, and a type may be more than is understood.
    term = term or read_binders(f"{groups} : _")
    found: list[PremiseArgument] = []
    while term is not None:
        if term.is_binder("∀"):
            kind = "" if term.variable_type is None else term.variable_type.rendered
            name = "" if _UNNAMED in term.variable else term.variable
            found.append(PremiseArgument(name=name, type=kind, kind=term.binder_kind))
            term = term.body
        elif term.is_operator("→"):
            found.append(PremiseArgument(name="", type=term.args[0].rendered, kind=BinderKind.EXPLICIT))
            term = term.args[1]
        else:
            term = None
    return tuple(found)


def leading_groups(text: str) -> str:
    """The groups in brackets at the front of a text."""
    closers: list[str] = []
    end = 0
    for place, character in enumerate(text):
        if character in BRACKET_PAIRS:
            closers.append(BRACKET_PAIRS[character])
        elif closers and character == closers[-1]:
            closers.pop()
            if not closers:
                end = place + 1
        elif not closers and not character.isspace():
            break
    return text[:end]
