"""Facts about lists and numbers that early Leans have no lemma for, established on the spot by a `have`.

Whatever is proved about `++`, `reverse` or powers needs how they go together. Later libraries say so, early ones leave
it to the reader. A fact is offered where the toolchain is known to lack the lemma of its name and its left side fits a
part of the target. The types of lists are read off the goal; where they cannot be, nothing is offered. Pure.
"""

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache

from attrs import frozen

from lean_sidekick.core.candidates import Candidate, Source
from lean_sidekick.core.render import indent
from lean_sidekick.core.term_reader import read_binders
from lean_sidekick.core.terms import Term, match, subterms
from lean_sidekick.tactics.api import TacticRequest
from lean_sidekick.tactics.dialect import Dialect
from lean_sidekick.tactics.early_facts_table import FACTS, WrittenFact
from lean_sidekick.tactics.goal_shape import Argument, GoalShape, read_goal, type_of
from lean_sidekick.tactics.rewriting import Equation, equation_of, rewrite
from lean_sidekick.tactics.sequents import as_argument, open_statement

_MAX_OFFERED = 3
_WHOLE, _PART, _LATER = -1.2, -1.0, 0.2
_TYPES = frozenset({"α", "β"})
_TYPE = re.compile(r"\b[αβ]\b")


@frozen
class _Fact:
    """A fact with its statement as an equation."""

    written: WrittenFact
    arguments: tuple[Argument, ...]
    equation: Equation


class EarlyFacts:
    """Facts that the toolchain's library lacks, as a generator."""

    async def generate(self, request: TacticRequest) -> Sequence[Candidate]:
        """A `have` for each fact that fits, those that say most of the target first."""
        return early_fact_candidates(read_goal(request.goal), Dialect(request.known_tactics))


def early_fact_candidates(shape: GoalShape, dialect: Dialect) -> list[Candidate]:
    """A `have` for each fact that fits, those that say most of the target first."""
    found: list[tuple[bool, int, str]] = []
    for fact in _facts():
        if dialect.has_name(fact.written.lemma) or fact.written.name in shape.taken:
            continue
        done = rewrite(fact.equation, shape.target)
        if done is None:
            continue
        text = _text(fact, done.values, shape)
        if text is not None:
            is_part = not shape.target.is_operator("=") or done.instance != shape.target.args[0]
            found.append((is_part, -sum(1 for _ in subterms(fact.equation.left)), text))
    return [
        Candidate(text=text, source=Source.LEMMA, score=(_PART if is_part else _WHOLE) - _LATER * index)
        for index, (is_part, _, text) in enumerate(sorted(found)[:_MAX_OFFERED])
    ]


def fact_names() -> tuple[str, ...]:
    """The lemmas whose absence makes a fact worth offering."""
    return tuple(fact.lemma for fact in FACTS)


@lru_cache(maxsize=1)
def _facts() -> tuple[_Fact, ...]:
    facts = []
    for written in FACTS:
        statement = read_binders(f": {written.statement}")
        equation = None if statement is None else equation_of(statement)
        if statement is None or equation is None:
            raise ValueError(f"the table of facts has a statement that cannot be read: {written.statement}")
        facts.append(_Fact(written, open_statement(statement)[0], equation))
    return tuple(facts)


def _text(fact: _Fact, values: Mapping[str, Term], shape: GoalShape) -> str | None:
    """The `have` in the types of the goal, after those that its proof needs."""
    types: dict[str, Term] | None = {}
    for argument in fact.arguments:
        kind = type_of(values[argument.name], shape.types) if argument.name in values else None
        if kind is not None and argument.type is not None and types is not None:
            types = match(argument.type, kind, _TYPES, types)
    if types is None:
        return None
    needed = [one for one in FACTS if one.lemma in fact.written.needs and one.name not in shape.taken]
    texts = [_have(one) for one in (*needed, fact.written)]
    text = _TYPE.sub(lambda name: _type(name.group(), types, shape), "\n".join(texts))
    return None if _UNKNOWN in text else text


_UNKNOWN = "?"


def _type(name: str, types: Mapping[str, Term], shape: GoalShape) -> str:
    """The type that a variable stands for: as its values tell, or the one that all lists of the goal have."""
    if name in types:
        return as_argument(types[name].rendered)
    elements = {one.type.arguments[0].rendered for one in shape.data if one.type.head == "List" and one.type.arguments}
    return as_argument(elements.pop()) if len(elements) == 1 else _UNKNOWN


def _have(fact: WrittenFact) -> str:
    return f"have {fact.name} : {fact.statement} := by\n{indent(fact.proof, '  ')}"
