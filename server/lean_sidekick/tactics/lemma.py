"""Lemmas as tactics see them: a name with a statement read from text, in the spelling that matching needs. Pure.

Lean prints every binder of a statement, people leave most of them out. Here instances and types that the other
arguments tell are left out, and an argument that nothing after it mentions is a premise: `(h : p) : q` is `p → q`.
"""

from functools import cached_property, lru_cache

from attrs import frozen

from lean_sidekick.core.premises import Premise
from lean_sidekick.core.term_reader import read_binders
from lean_sidekick.core.terms import BinderKind, Term, operator, with_args
from lean_sidekick.tactics.goal_shape import FALSE, carrier, symbols_of, telescope
from lean_sidekick.tactics.normal import normal

_KINDS = frozenset({"theorem", "lemma", "axiom", "def", "instance", "abbrev", "constructor"})
_KEPT = 16_384


@frozen(kw_only=True)
class Lemma:
    """A lemma that a tactic may name, with the symbols of its conclusion, its variables left out."""

    name: str
    statement: Term
    symbols: frozenset[str]

    @cached_property
    def normal_statement(self) -> Term:
        """The statement in normal form."""
        return normal(self.statement, {})

    @cached_property
    def carrier(self) -> str:
        """The type that its conclusion is about; empty if unknown."""
        return carrier(self.statement, {})

    @classmethod
    def of(cls, name: str, statement: Term) -> "Lemma":
        """A lemma from its name and statement."""
        statement = _plain(statement)
        arguments, conclusion = telescope(statement)
        # Of a refutation, what it refutes says more than its conclusion.
        spoken = [arguments[-1].type if arguments and conclusion == FALSE else conclusion]
        symbols = frozenset[str]().union(*(symbols_of(term) for term in spoken if term is not None))
        return cls(name=name, statement=statement, symbols=symbols - {argument.name for argument in arguments})


@lru_cache(maxsize=_KEPT)
def lemma_of(premise: Premise) -> Lemma | None:
    """A premise as a lemma; None if it is nothing to prove with, or its statement cannot be read."""
    statement = read_binders(premise.statement) if premise.kind in _KINDS else None
    return None if statement is None else Lemma.of(premise.full_name, statement)


def _plain(term: Term) -> Term:
    if not term.is_binder("∀"):
        return term
    body = _plain(term.body)
    kind, type_ = term.binder_kind, term.variable_type
    if type_ is None or term.variable in _said_names(body):
        return with_args(term, (body,))
    if kind is BinderKind.EXPLICIT:
        is_only_in_types = term.variable in body.names
        return with_args(term, (body,)) if is_only_in_types else operator("→", type_, body)
    return body


def _said_names(term: Term) -> frozenset[str]:
    """The names that a statement mentions outside the types of its binders."""
    if not term.is_binder("∀"):
        return term.names
    return _said_names(term.body) - {term.variable}
