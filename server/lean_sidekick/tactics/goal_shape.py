"""What a goal looks like, read from its text alone: its parts, and what each hypothesis is.

`read_goal` turns a goal into terms; `telescope` takes the arguments off a statement; `type_of` guesses the
type of a term from the hypotheses and from well-known function names, and says None when it cannot. Nothing here asks
Lean, so every answer is a guess that only decides what is worth trying. Pure, never fails.
"""

import re
from collections.abc import Iterator, Mapping
from enum import Enum
from functools import cached_property, lru_cache

from attrs import frozen

from lean_sidekick.core.goals import Goal
from lean_sidekick.core.term_reader import read_term
from lean_sidekick.core.terms import (
    BinderKind,
    Shape,
    Term,
    application,
    atom,
    operator,
    substitute,
    subterms,
)

FALSE, TRUE = atom("False"), atom("True")
CONNECTIVES = frozenset({"∧", "∨", "↔", "→", "¬"})
RELATIONS = frozenset({"=", "≠", "<", ">", "≤", "≥", "∣", "∈", "∉", "⊆", "⊂", "≅", "≈", "≡", "~", "∤"})
ORDERS = frozenset({"<", ">", "≤", "≥"})
_USABLE_NAME = re.compile(r"(?:[^\W\d][\w'!?]*|«[^»✝]+»)\Z")
_SORTS = frozenset({"Prop", "Type", "Sort"})
_NUMERAL = re.compile(r"\d+\Z")
# What functions that are met often give back, where their name does not begin with it.
_RESULTS: Mapping[str, str] = {
    "List.length": "Nat",
    "Array.size": "Nat",
    "String.length": "Nat",
    "Finset.card": "Nat",
    "Nat.beq": "Bool",
    "Nat.ble": "Bool",
    "List.isEmpty": "Bool",
    "List.elem": "Bool",
    "List.all": "Bool",
    "List.any": "Bool",
    "Option.isSome": "Bool",
    "Option.isNone": "Bool",
    "decide": "Bool",
    "not": "Bool",
}
_ARITHMETIC = frozenset({"+", "-", "*", "/", "%", "^", "++", "∪", "∩", "⊔", "⊓", "\\"})
_ALIASES: Mapping[str, str] = {"ℕ": "Nat", "ℤ": "Int", "ℚ": "Rat", "ℝ": "Real", "ℂ": "Complex"}


class Nature(Enum):
    """What a hypothesis is, as far as its text tells."""

    SORT = "sort"
    FUNCTION = "function"
    DATA = "data"
    PROOF = "proof"
    INSTANCE = "instance"


@frozen(kw_only=True)
class Local:
    """One hypothesis that can be named."""

    name: str
    type: Term
    nature: Nature


@frozen(kw_only=True)
class Argument:
    """One argument of a statement: a bound variable, or a premise, whose name is empty."""

    name: str
    type: Term | None
    kind: BinderKind = BinderKind.EXPLICIT

    @property
    def is_premise(self) -> bool:
        """Whether it is a hypothesis of the statement and not a variable in it."""
        return not self.name


@frozen(kw_only=True)
class GoalShape:
    """A goal in terms. `locals` are the hypotheses that can be named, oldest first; `taken` are all names in use."""

    goal: Goal
    target: Term
    locals: tuple[Local, ...]
    taken: frozenset[str]

    @cached_property
    def proofs(self) -> tuple[Local, ...]:
        """The hypotheses that state something."""
        return tuple(one for one in self.locals if one.nature is Nature.PROOF)

    @cached_property
    def data(self) -> tuple[Local, ...]:
        """The hypotheses that are elements of a type."""
        return tuple(one for one in self.locals if one.nature in (Nature.DATA, Nature.FUNCTION))

    @cached_property
    def types(self) -> Mapping[str, Term]:
        """The types of the hypotheses by name."""
        return {one.name: one.type for one in self.locals}

    @cached_property
    def relation(self) -> str:
        """The relation symbol at the top of the target, below any `¬`; empty if there is none."""
        target = self.target
        while target.is_operator("¬"):
            target = target.args[0]
        return target.text if target.shape is Shape.OPERATOR and target.text in RELATIONS else ""

    @cached_property
    def carrier(self) -> str:
        """The type that the target's relation is on, in plain letters (`ℕ` is `Nat`); empty if unknown."""
        return carrier(self.target, self.types)

    @cached_property
    def is_closed(self) -> bool:
        """Whether no hypothesis and no metavariable occurs in the target."""
        return not self.goal.has_metavariable and self.target.names.isdisjoint(self.taken)

    @cached_property
    def symbols(self) -> frozenset[str]:
        """Operators, binders and global names in the target."""
        return symbols_of(self.target) - self.taken


@lru_cache(maxsize=256)
def read_goal(goal: Goal) -> GoalShape:
    """The shape of a goal."""
    types: dict[str, Term] = {}
    taken: set[str] = set()
    for hypothesis in goal.hypotheses:
        term = read_term(hypothesis.type)
        taken |= set(hypothesis.names)
        types |= {name: term for name in hypothesis.names if _USABLE_NAME.match(name)}
    locals_ = tuple(Local(name=n, type=t, nature=_nature(n, t, types)) for n, t in types.items())
    return GoalShape(goal=goal, target=read_term(goal.target), locals=locals_, taken=frozenset(taken))


def telescope(term: Term) -> tuple[tuple[Argument, ...], Term]:
    """The arguments of a statement and its conclusion; `¬p` and `a ≠ b` have a premise and conclude `False`."""
    arguments: list[Argument] = []
    while True:
        if term.is_binder("∀"):
            arguments.append(Argument(name=term.variable, type=term.variable_type, kind=term.binder_kind))
            term = term.body
        elif term.is_operator("→"):
            arguments.append(Argument(name="", type=term.args[0]))
            term = term.args[1]
        elif term.is_operator("¬"):
            arguments.append(Argument(name="", type=term.args[0]))
            term = FALSE
        elif term.is_operator("≠"):
            arguments.append(Argument(name="", type=operator("=", *term.args)))
            term = FALSE
        else:
            return tuple(arguments), term


def conjuncts(term: Term) -> tuple[Term, ...]:
    """The parts of `a ∧ b ∧ c`, one if it is no conjunction."""
    return _parts(term, "∧")


def disjuncts(term: Term) -> tuple[Term, ...]:
    """The parts of `a ∨ b ∨ c`, one if it is no disjunction."""
    return _parts(term, "∨")


def _parts(term: Term, symbol: str) -> tuple[Term, ...]:
    if not term.is_operator(symbol):
        return (term,)
    return (term.args[0], *_parts(term.args[1], symbol))


def negation(term: Term) -> Term | None:
    """What a negation denies: `p` for `¬p` and `p → False`, `a = b` for `a ≠ b`; None for anything else."""
    if term.is_operator("¬"):
        return term.args[0]
    if term.is_operator("≠"):
        return operator("=", *term.args)
    if term.is_operator("→") and term.args[1] == FALSE:
        return term.args[0]
    return None


def is_numeral(term: Term) -> bool:
    """Whether it is a natural number written in digits."""
    return term.shape is Shape.ATOM and bool(_NUMERAL.match(term.text))


def plain_type(term: Term) -> str:
    """A type's head in plain letters: `Nat` for `ℕ`, `List` for `List α`; empty for what is no name."""
    if term.shape is Shape.OPERATOR:
        return {"×": "Prod", "⊕": "Sum", "→": "function"}.get(term.text, "")
    return _ALIASES.get(term.head, term.head)


def carrier(statement: Term, types: Mapping[str, Term]) -> str:
    """The type that the relation at the end of a statement is on; empty if unknown."""
    arguments, conclusion = telescope(statement)
    known = dict(types) | {a.name: a.type for a in arguments if a.name and a.type is not None}
    if conclusion == FALSE and arguments and arguments[-1].is_premise and arguments[-1].type is not None:
        conclusion = arguments[-1].type
    if conclusion.shape is not Shape.OPERATOR or conclusion.text not in RELATIONS:
        return ""
    sides = conclusion.args
    found = [kind for side in sides if (kind := type_of(side, known)) is not None]
    if found:
        return plain_type(found[0])
    # Numerals are natural numbers where nothing says otherwise; so is `2 ^ n`, whose exponent says nothing.
    atoms = [part for side in sides for part in subterms(side) if part.shape is Shape.ATOM]
    return "Nat" if all(is_numeral(part) or _is_natural(part.text, known) for part in atoms) else ""


def _is_natural(name: str, types: Mapping[str, Term]) -> bool:
    kind = types.get(name)
    return kind is not None and plain_type(kind) == "Nat"


def type_of(term: Term, types: Mapping[str, Term]) -> Term | None:
    """The type of a term where its text tells; None where it does not (numerals say nothing by themselves)."""
    if term.shape is Shape.ATOM:
        return types.get(term.text) or _constant_result(term.text)
    if term.shape is Shape.OPERATOR:
        return _operator_type(term, types)
    if term.shape is Shape.APPLICATION:
        kind = types.get(term.head)
        if kind is None:
            return _constant_result(term.head)
        for _ in term.arguments:
            if kind.is_operator("→"):
                kind = kind.args[1]
            elif kind.is_binder("∀"):
                kind = kind.body
            else:
                return None
        return kind
    return None


def _operator_type(term: Term, types: Mapping[str, Term]) -> Term | None:
    if term.text in RELATIONS or term.text in CONNECTIVES:
        return atom("Prop")
    if term.text in ("&&", "||", "!", "==", "!="):
        return atom("Bool")
    if term.text == "::":
        element, tail = type_of(term.args[0], types), type_of(term.args[1], types)
        return tail or (element and application(atom("List"), [element]))
    if term.text in _ARITHMETIC or term.text == "-":
        kinds = (type_of(arg, types) for arg in (term.args[:1] if term.text == "^" else term.args))
        return next((kind for kind in kinds if kind is not None), None)
    return None


def _constant_result(name: str) -> Term | None:
    if name in _RESULTS:
        return atom(_RESULTS[name])
    if name in ("true", "false"):
        return atom("Bool")
    front, dot, _ = name.partition(".")
    return atom(front) if dot and front in ("Nat", "Int", "Fin", "Bool", "String", "Real", "Rat", "Complex") else None


def symbols_of(term: Term) -> frozenset[str]:
    """The operators, binder words and free identifiers of a term, those below binders included."""
    return frozenset(_symbols(term, frozenset()))


def _symbols(term: Term, bound: frozenset[str]) -> Iterator[str]:
    if term.shape in (Shape.ATOM, Shape.OPAQUE):
        yield from term.names - bound
        if is_numeral(term):
            yield term.text
        if term.shape is Shape.OPAQUE and term.text == "[]":
            yield "[]"
        return
    if term.shape is Shape.BINDER:
        bound = bound | {term.variable}
    if term.text:
        yield term.text
    for arg in term.args:
        yield from _symbols(arg, bound)


def instantiate(term: Term, value: Term) -> Term:
    """The body of a binder with a value for its variable."""
    return substitute(term.body, {term.variable: value})


def _nature(name: str, kind: Term, types: Mapping[str, Term]) -> Nature:
    if name.startswith("inst"):
        return Nature.INSTANCE
    if kind.head in _SORTS:
        return Nature.SORT
    if kind.shape is Shape.BINDER:
        _, conclusion = telescope(kind)
        if conclusion.head in _SORTS:
            return Nature.FUNCTION
        bound = dict(types) | {a.name: a.type for a in telescope(kind)[0] if a.name and a.type is not None}
        return Nature.PROOF if kind.text != "∀" or _is_stated(name, conclusion, bound) else Nature.FUNCTION
    if kind.is_operator("→"):
        conclusion = telescope(kind)[1]
        return Nature.PROOF if _is_stated(name, conclusion, types) else Nature.FUNCTION
    return Nature.PROOF if _is_stated(name, kind, types) else Nature.DATA


def _is_stated(name: str, kind: Term, types: Mapping[str, Term]) -> bool:
    """Whether a type is a proposition; of what is unknown, the name of the hypothesis tells, `h`, `hx`, `ih`, or that
    it is about elements, as `Reach r a b` is and most types are not."""
    if is_statement(kind, types):
        return True
    return _is_unknown(kind, types) and (name.startswith(("h", "ih")) or _is_about_elements(kind, types))


def _is_about_elements(kind: Term, types: Mapping[str, Term]) -> bool:
    """Whether a variable that is no type and no proposition is among the arguments."""
    return any(argument.text in types and types[argument.text].head not in _SORTS for argument in kind.arguments)


def is_statement(term: Term, types: Mapping[str, Term]) -> bool:
    """Whether a term is surely a proposition."""
    if term.shape is Shape.OPERATOR:
        return (
            term.text in RELATIONS
            or term.text in ("∧", "∨", "↔", "¬")
            or (term.text == "→" and is_statement(term.args[1], types))
        )
    if term.shape is Shape.BINDER:
        return term.text in ("∃", "∃!") or (term.text == "∀" and is_statement(term.body, types))
    if term in (TRUE, FALSE):
        return True
    kind = type_of(term, types)
    return kind is not None and kind.text == "Prop"


def _is_unknown(kind: Term, types: Mapping[str, Term]) -> bool:
    """Whether the head of a type is a constant that we know nothing of; `h : Even n` is then read as a statement."""
    return kind.shape is Shape.APPLICATION and kind.head not in types and plain_type(kind) not in _KNOWN_TYPES


_KNOWN_TYPES = frozenset(
    {"Nat", "Int", "Bool", "List", "Option", "Array", "Fin", "Prod", "Sum", "String", "Char", "Set", "Finset", "Unit"}
)
