"""Taking hypotheses apart: conjunctions, disjunctions, existentials; with `induction`, also data.

`cases … with | inl h => ?_` leaves its goals with names that can be typed in every Lean 4 since 2021; where `rcases`
and `obtain` are known they are used, as people write them. What is apart already is not taken apart again.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType

from lean_sidekick.core.candidates import Candidate, Source, deduplicate
from lean_sidekick.core.terms import Shape, Term, subterms
from lean_sidekick.tactics.api import TacticRequest
from lean_sidekick.tactics.dialect import OBTAIN, RCASES, Dialect
from lean_sidekick.tactics.families import derived_variables, families
from lean_sidekick.tactics.goal_shape import (
    FALSE,
    GoalShape,
    Local,
    conjuncts,
    disjuncts,
    read_goal,
    telescope,
)
from lean_sidekick.tactics.induction import data_steps
from lean_sidekick.tactics.inductive_types import Constructor, inductive_types
from lean_sidekick.tactics.names import Names
from lean_sidekick.tactics.patterns import alternatives, are_known, has_instance, opened, pattern
from lean_sidekick.tactics.recursion import matched_arguments

_MATCHED = re.compile(r"\b(?:match|if) (([\w'.]+)(?: [\w'.]+)+) (?:with|then|= true then)")
_MAX_TESTS = 3
_DERIVED = 0.8


class CaseSplits:
    """Case distinctions and induction as a generator."""

    async def generate(self, request: TacticRequest) -> Sequence[Candidate]:
        """Splits of what is in the context, likeliest first."""
        text, shape = request.surroundings.text_above, read_goal(request.goal)
        dialect, declared, matched = Dialect(request.known_tactics), inductive_types(text), matched_arguments(text)
        return split_candidates(shape, dialect, declared, matched, derived_variables(shape, families(text)))


def split_candidates(
    shape: GoalShape,
    dialect: Dialect,
    declared: Mapping[str, tuple[Constructor, ...]] = MappingProxyType({}),
    matched: Mapping[str, frozenset[int]] = MappingProxyType({}),
    derived: frozenset[str] = frozenset(),
) -> list[Candidate]:
    """Splits of what is in the context, likeliest first; `declared` are the types of the open file, `matched` the
    arguments that its functions recurse on, `derived` the variables that wait for induction on a hypothesis about
    them."""
    data = [
        (text, score - _DERIVED if text.split(None, 2)[1] in derived else score)
        for text, score in data_steps(shape, declared, matched)
    ]
    found = [*_hypotheses(shape, dialect), *data, *_truth_values(shape), *_truth_contradictions(shape)]
    candidates = [Candidate(text=text, source=Source.SHAPE, score=score) for text, score in found]
    return sorted(deduplicate(candidates), key=lambda candidate: -candidate.score)


def _hypotheses(shape: GoalShape, dialect: Dialect) -> Iterator[tuple[str, float]]:
    known = [local.type for local in shape.proofs]
    for index, local in enumerate(reversed(shape.proofs)):
        late = 0.05 * min(index, 6)
        statement = local.type
        if statement == FALSE:
            yield f"cases {local.name}", -0.2
        elif statement.is_operator("∧"):
            if not are_known(conjuncts(statement), known):
                yield from _open(local, shape, dialect, -0.2 - late)
        elif statement.is_binder("∃"):
            if not has_instance(statement, known):
                yield from _open(local, shape, dialect, -0.2 - late)
        elif statement.is_operator("∨"):
            if not any(are_known((part,), known) for part in disjuncts(statement)):
                yield from _either(local, shape, dialect, -0.8 - late)
        elif statement.is_operator("↔"):
            names = Names(shape.taken - {local.name})
            forth, back = names.fresh(f"{local.name}1"), names.fresh(f"{local.name}2")
            yield f"cases {local.name} with | intro {forth} {back} => ?_", -2.2 - late
        elif (applied := _as_disjunction(local, shape, known)) is not None:
            yield applied, -1.2


def _truth_values(shape: GoalShape) -> Iterator[tuple[str, float]]:
    """Cases on what a function of the context gives back as a `Bool`: a test that `if`, `match` or `&&` waits for."""
    tests = {local.name for local in shape.data if telescope(local.type)[1].text == "Bool" and telescope(local.type)[0]}
    known = {side.rendered for local in shape.proofs for side in local.type.args if local.type.is_operator("=")}
    found: dict[str, None] = {}
    for part in subterms(shape.target):
        if part.shape is Shape.APPLICATION and part.head in tests:
            found[part.rendered] = None
        elif part.shape is Shape.OPAQUE and part.names & tests:
            found |= {match_[1]: None for match_ in _MATCHED.finditer(part.text) if match_[2] in tests}
    for index, text in enumerate([one for one in found if one not in known][:_MAX_TESTS]):
        name = Names(shape.taken).fresh("h")
        yield f"cases {name} : {text} with | false => ?_ | true => ?_", -1.6 - 0.3 * index


def _truth_contradictions(shape: GoalShape) -> Iterator[tuple[str, float]]:
    """`f x = !f x` cannot hold, whatever `f x` is."""
    if shape.target != FALSE:
        return
    for local in shape.proofs:
        negated = [part.args[0] for part in subterms(local.type) if part.is_operator("!")]
        if local.type.is_operator("=") and negated:
            yield f"exact absurd {local.name} (by cases {negated[0].rendered} <;> simp)", -0.9


def _as_disjunction(local: Local, shape: GoalShape, known: Sequence[Term]) -> str | None:
    """`cases h hp with …` for `h : p → q ∨ r` where `p` is known and neither `q` nor `r` is."""
    arguments, conclusion = telescope(local.type)
    if not arguments or not conclusion.is_operator("∨") or any(are_known((side,), known) for side in conclusion.args):
        return None
    given = [_name_of(argument.type, shape) if argument.type is not None else None for argument in arguments]
    if not all(argument.is_premise for argument in arguments) or None in given:
        return None
    left, right = conclusion.args
    return alternatives(" ".join([local.name, *map(str, given)]), left, right, Names(shape.taken))


def _name_of(statement: Term, shape: GoalShape) -> str | None:
    return next((local.name for local in shape.proofs if local.type.alpha_key == statement.alpha_key), None)


def _open(local: Local, shape: GoalShape, dialect: Dialect, score: float) -> Iterator[tuple[str, float]]:
    """Everything below a conjunction or existential at once, and one level alone."""
    names = Names(shape.taken - {local.name})
    whole = pattern(local.type, names, with_cases=False)
    is_nested = whole.count("⟨") > 1 or whole.count(",") > 1
    if dialect.known is not None and dialect.has(OBTAIN):
        yield f"obtain {whole} := {local.name}", score
        if "∨" in local.type.rendered:
            names = Names(shape.taken - {local.name})
            deep = pattern(local.type, names, with_cases=True)
            if "|" in deep:
                yield f"rcases {local.name} with {deep}", score - 0.5
        return
    statement = local.type
    names = Names(shape.taken - {local.name})
    yield opened(statement, local.name, names, dialect), score - (0.4 if is_nested else 0.0)
    if is_nested:
        yield f"match {local.name} with | {pattern(statement, Names(shape.taken), with_cases=False)} => ?_", score


def _either(local: Local, shape: GoalShape, dialect: Dialect, score: float) -> Iterator[tuple[str, float]]:
    names = Names(shape.taken - {local.name})
    if dialect.known is not None and dialect.has(RCASES):
        deep = pattern(local.type, names, with_cases=True)
        yield f"rcases {local.name} with {deep}", score
    left, right = local.type.args
    names = Names(shape.taken - {local.name})
    yield alternatives(local.name, left, right, names), score - (0.02 if dialect.has(RCASES) else 0.0)
