"""Taking hypotheses and data apart: conjunctions, disjunctions, existentials, and induction on data.

`cases … with | inl h => ?_` leaves its goals with names that can be typed in every Lean 4 since 2021; where `rcases`
and `obtain` are known they are used, as people write them. What is apart already is not taken apart again.
"""

from collections.abc import Iterator, Mapping, Sequence

from attrs import frozen

from lean_sidekick.core.candidates import Candidate, Source, deduplicate
from lean_sidekick.tactics.api import TacticRequest
from lean_sidekick.tactics.dialect import OBTAIN, RCASES, Dialect
from lean_sidekick.tactics.goal_shape import (
    FALSE,
    GoalShape,
    Local,
    Nature,
    conjuncts,
    disjuncts,
    negation,
    plain_type,
    read_goal,
    telescope,
)
from lean_sidekick.tactics.names import Names
from lean_sidekick.tactics.normal import normal
from lean_sidekick.tactics.patterns import pattern
from lean_sidekick.tactics.terms import Shape, Term, match, subterms

_MAX_SPLIT_DATA = 4


@frozen
class _Constructor:
    """A constructor with the names of its fields; `recursive` says which have an induction hypothesis."""

    name: str
    fields: tuple[str, ...] = ()
    recursive: tuple[int, ...] = ()


_DATA: Mapping[str, tuple[_Constructor, ...]] = {
    "Nat": (_Constructor("zero"), _Constructor("succ", ("n",), (0,))),
    "List": (_Constructor("nil"), _Constructor("cons", ("a", "l"), (1,))),
    "Bool": (_Constructor("false"), _Constructor("true")),
    "Option": (_Constructor("none"), _Constructor("some", ("a",))),
    "Prod": (_Constructor("mk", ("a", "b")),),
    "Sum": (_Constructor("inl", ("a",)), _Constructor("inr", ("b",))),
    "Fin": (_Constructor("mk", ("n", "h")),),
    "Int": (_Constructor("ofNat", ("n",)), _Constructor("negSucc", ("n",))),
    "Subtype": (_Constructor("mk", ("x", "h")),),
    "Unit": (_Constructor("unit"),),
}


class CaseSplits:
    """Case distinctions and induction as a generator."""

    async def generate(self, request: TacticRequest) -> Sequence[Candidate]:
        """Splits of what is in the context, likeliest first."""
        return split_candidates(read_goal(request.goal), Dialect(request.known_tactics))


def split_candidates(shape: GoalShape, dialect: Dialect) -> list[Candidate]:
    """Splits of what is in the context, likeliest first."""
    found = [*_hypotheses(shape, dialect), *_data(shape)]
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
            if not _all_known(conjuncts(statement), known):
                yield from _open(local, shape, dialect, -0.2 - late)
        elif statement.is_binder("∃"):
            if not _has_instance(statement, known):
                yield from _open(local, shape, dialect, -0.2 - late)
        elif statement.is_operator("∨"):
            if not any(_all_known((part,), known) for part in disjuncts(statement)):
                yield from _either(local, shape, dialect, -0.8 - late)
        elif statement.is_operator("↔"):
            names = Names(shape.taken - {local.name})
            stem = local.name
            yield (
                f"cases {local.name} with | intro {names.fresh(stem + '1')} {names.fresh(stem + '2')} => ?_",
                -2.2 - late,
            )
    for local in shape.proofs:
        # A disjunction that a hypothesis gives: `h x y : p ∨ q` from `h : … → p ∨ q` is split once it is stated.
        arguments, conclusion = telescope(local.type)
        if arguments and conclusion.is_operator("∨") and all(argument.is_premise for argument in arguments):
            given = [_name_of(argument.type, shape) for argument in arguments if argument.type is not None]
            if all(given):
                applied = f"{local.name} {' '.join(name for name in given if name)}"
                left, right = conclusion.args
                if not _all_known((left,), known) and not _all_known((right,), known):
                    names = Names(shape.taken)
                    yield _cases_with(applied, left, right, names), -1.2


def _name_of(statement: Term, shape: GoalShape) -> str | None:
    return next((local.name for local in shape.proofs if local.type.alpha_key == statement.alpha_key), None)


def _all_known(parts: Sequence[Term], known: Sequence[Term]) -> bool:
    keys = {statement.alpha_key for statement in known}
    return all(part.alpha_key in keys for part in parts)


def _has_instance(existential: Term, known: Sequence[Term]) -> bool:
    """Whether the body of an existential, or its first part, stands among the hypotheses for some value."""
    first = conjuncts(existential.body)[0]
    if first.is_binder("∃"):
        return False
    variables = frozenset({existential.variable})
    return any(match(first, statement, variables, {}) is not None for statement in known)


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
    names = Names(shape.taken - {local.name})
    statement = local.type
    if statement.is_binder("∃"):
        first = names.variable(statement.variable, statement.variable_type)
        second = names.fresh("h" + first) if not first.startswith("h") else names.fresh("h")
    else:
        first, second = (names.proof(part) for part in statement.args)
    yield f"cases {local.name} with | intro {first} {second} => ?_", score - (0.4 if is_nested else 0.0)
    if is_nested:
        yield f"match {local.name} with | {pattern(statement, Names(shape.taken), with_cases=False)} => ?_", score


def _either(local: Local, shape: GoalShape, dialect: Dialect, score: float) -> Iterator[tuple[str, float]]:
    names = Names(shape.taken - {local.name})
    if dialect.known is not None and dialect.has(RCASES):
        deep = pattern(local.type, names, with_cases=True)
        yield f"rcases {local.name} with {deep}", score
    left, right = local.type.args
    names = Names(shape.taken - {local.name})
    yield _cases_with(local.name, left, right, names), score - (0.02 if dialect.has(RCASES) else 0.0)


def _cases_with(term: str, left: Term, right: Term, names: Names) -> str:
    return f"cases {term} with | inl {names.proof(left)} => ?_ | inr {names.proof(right)} => ?_"


def _data(shape: GoalShape) -> Iterator[tuple[str, float]]:
    target_names = shape.target.names
    occurring = [local for local in shape.data if local.name in target_names and plain_type(local.type) in _DATA]
    finite = [local for local in occurring if plain_type(local.type) in ("Bool", "Option", "Prod", "Sum", "Unit")]
    yield from _all_at_once(finite)
    for index, local in enumerate(occurring):
        kind = plain_type(local.type)
        constructors = _DATA[kind]
        late = 0.15 * min(index, 5)
        arms = _arms(constructors, local, shape, with_hypothesis=False)
        if kind in ("Nat", "List"):
            score = -1.2 if _is_not_least(local, shape) or _is_awaited(local, shape) else -2.2
            yield f"cases {local.name} with {arms}", score - late - _depth_penalty(shape)
            yield from _induction(local, constructors, shape, late)
        elif kind == "Bool":
            yield f"cases {local.name} with {arms}", -1.3 - late
        else:
            yield f"cases {local.name} with {arms}", (-1.2 if len(constructors) == 1 else -1.5) - late
    for local in shape.data:
        # Data that only hypotheses speak of: often a premise is impossible for one constructor.
        if local not in occurring and plain_type(local.type) in _DATA:
            spoken = sum(1 for proof in shape.proofs if local.name in proof.type.names)
            if spoken:
                arms = _arms(_DATA[plain_type(local.type)], local, shape, with_hypothesis=False)
                yield f"cases {local.name} with {arms}", -2.0 if _is_not_least(local, shape) else -3.0


def _all_at_once(finite: Sequence[Local]) -> Iterator[tuple[str, float]]:
    """All finite data split, every case closed by one tactic."""
    if not finite or len(finite) > _MAX_SPLIT_DATA:
        return
    splits = " <;> ".join(f"cases {local.name}" for local in finite)
    is_plain = all(plain_type(local.type) == "Bool" for local in finite)
    yield f"{splits} <;> rfl", -0.7 if is_plain else -1.2
    yield f"{splits} <;> simp", -1.3 if is_plain else -1.4
    yield f"{splits} <;> simp_all", -1.9


def _is_not_least(local: Local, shape: GoalShape) -> bool:
    """Whether a hypothesis rules out `0` or `[]`, so that one of the cases ends at once."""
    for proof in shape.proofs:
        statement = normal(proof.type, shape.types)
        least = statement.args[0] if statement.is_operator("<") else None
        denied = negation(statement)
        if least is not None and least.text == "0" and statement.args[1].text == local.name:
            return True
        if denied is not None and denied.is_operator("="):
            sides = {side.text for side in denied.args}
            if local.name in sides and sides & {"0", "[]"}:
                return True
    return False


def _is_awaited(local: Local, shape: GoalShape) -> bool:
    """Whether a function has a constructor in one argument and waits for this one: `take (n + 1) xs`."""
    for part in subterms(shape.target):
        if part.shape is Shape.APPLICATION and part.head not in shape.taken | {"Nat.succ"}:
            is_waiting = any(arg.text == local.name for arg in part.arguments)
            if is_waiting and any(_is_constructor(arg) for arg in part.arguments):
                return True
        if part.is_operator("-", "≤", "<") and part.args[1 if _is_constructor(part.args[0]) else 0].text == local.name:
            return any(_is_constructor(arg) for arg in part.args)
    return False


def _is_constructor(term: Term) -> bool:
    return term.head == "Nat.succ" or term.is_operator("::") or (term.is_operator("+") and term.args[1].text == "1")


def _depth_penalty(shape: GoalShape) -> float:
    """The more a goal looks like one from an induction already, the less is another one worth."""
    return 0.5 * sum(1 for proof in shape.proofs if proof.name.startswith("ih"))


def _arms(constructors: Sequence[_Constructor], local: Local, shape: GoalShape, *, with_hypothesis: bool) -> str:
    arms = []
    for constructor in constructors:
        names = Names(shape.taken - {local.name})
        fields = [names.fresh(_field_name(field, local, constructor)) for field in constructor.fields]
        if with_hypothesis:
            fields += [names.fresh("ih") for _ in constructor.recursive]
        arms.append("| " + " ".join([constructor.name, *fields]) + " => ?_")
    return " ".join(arms)


def _field_name(field: str, local: Local, constructor: _Constructor) -> str:
    """The part that is of the same type keeps the name of the whole; `x :: xs` for `xs`."""
    index = constructor.fields.index(field)
    if index in constructor.recursive:
        return local.name
    if constructor.name == "cons" and len(local.name) == 2 and local.name.endswith("s"):
        return local.name[0]
    return field


def _induction(
    local: Local, constructors: Sequence[_Constructor], shape: GoalShape, late: float
) -> Iterator[tuple[str, float]]:
    arms = _arms(constructors, local, shape, with_hypothesis=True)
    score = -1.3 - late - 2 * _depth_penalty(shape) + _argument_bonus(local, shape)
    yield f"induction {local.name} with {arms}", score
    others = _generalized(local, shape)
    if others:
        listed = " ".join(others)
        yield f"induction {local.name} generalizing {listed} with {arms}", score - 0.6
    # It closes the goal or leaves what cannot be named, so as a step forward it is worth little.
    yield f"induction {local.name} <;> simp_all", min(score, -1.5) - 1.0


def _argument_bonus(local: Local, shape: GoalShape) -> float:
    """Induction is best on what functions recurse on: the last argument of `+`, `*`, `^`, the list before `++`."""
    places = 0
    for part in subterms(shape.target):
        if part.is_operator("+", "*", "^", "-"):
            places += part.args[1].text == local.name
        elif part.is_operator("++", "::"):
            places += part.args[0].text == local.name
        elif part.shape is Shape.APPLICATION and part.head not in shape.taken:
            places += any(arg.text == local.name for arg in part.arguments)
    return 0.2 * min(places, 3)


def _generalized(local: Local, shape: GoalShape) -> list[str]:
    """Other data in the target that an induction hypothesis should be free in, nothing that `local` depends on."""
    return [
        other.name
        for other in shape.locals
        if other.nature is Nature.DATA
        and other.name != local.name
        and other.name in shape.target.names
        and other.name not in local.type.names
    ]
