"""Lemmas as tactics, in `exact`, `apply`, `rw` and `simp`: those of the open file, and those that retrieval found.

A lemma is offered only where its statement, read from text, can fit: its conclusion the target, or a side of its
equation a part of the target. Lemmas of the open file come before those of the library. Numbers are capped: lemmas
that fit everything must not crowd out the rest. Where retrieval has nothing to say, as before the index is built, a
small table stands in for the library.
"""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice

from lean_sidekick.core.candidates import Candidate, Source, deduplicate
from lean_sidekick.core.premises import Premise
from lean_sidekick.core.terms import BinderKind, Shape, Term, match, subterms
from lean_sidekick.tactics.api import TacticRequest
from lean_sidekick.tactics.core_lemmas import core_lemmas
from lean_sidekick.tactics.dialect import Dialect
from lean_sidekick.tactics.families import rule_premises
from lean_sidekick.tactics.goal_shape import (
    FALSE,
    ORDERS,
    Argument,
    GoalShape,
    is_numeral,
    negation,
    plain_type,
    read_goal,
    symbols_of,
    telescope,
    type_of,
)
from lean_sidekick.tactics.laws import law_premises
from lean_sidekick.tactics.lemma import Lemma, lemma_of
from lean_sidekick.tactics.names import Names
from lean_sidekick.tactics.normal import normal
from lean_sidekick.tactics.rewriting import Equation, equation_of, is_settled, rewrite, rewrites
from lean_sidekick.tactics.sequents import as_argument, open_statement

_MAX_APPLIED = 12
_MAX_REWRITES = 16
_MAX_SIMP = 6
_MAX_IN_SET = 5
_MAX_PLACES = 3
_READ_AT_ONCE = 32
_NO_STEP = frozenset({"eqOfHEq", "eq_of_heq", "Eq.symm", "Eq.trans", "HEq.symm"})
"""Lemmas that fit every equation and bring none forward."""


class Lemmas:
    """Uses of lemmas as a generator."""

    async def generate(self, request: TacticRequest) -> Sequence[Candidate]:
        """Lemmas that can fit the goal, likeliest first."""
        await read_ahead(request)
        shape, dialect = read_goal(request.goal), Dialect(request.known_tactics)
        return lemma_candidates(shape, dialect, _above(request), request.retrieved)


def lemma_candidates(
    shape: GoalShape, dialect: Dialect, premises: Sequence[Premise], retrieved: Sequence[Premise] = ()
) -> list[Candidate]:
    """Lemmas that can fit the goal, likeliest first."""
    library = _library(shape, dialect, retrieved)
    found = [
        *_uses(shape, _own(premises, shape), 0.0),
        *_uses(shape, library, -0.4),
        *(_simp_set(shape, library) if retrieved else ()),
        *_definitions(shape, premises),
        *_alternatives(shape, library),
        *_computed(shape, dialect),
    ]
    candidates = [Candidate(text=text, source=Source.LEMMA, score=score) for text, score in found]
    return sorted(deduplicate(candidates), key=lambda candidate: -candidate.score)


async def read_ahead(request: TacticRequest) -> None:
    """Reads many statements without keeping others waiting; what was read once is kept."""
    for index, premise in enumerate((*request.premises, *request.retrieved)):
        lemma_of(premise)
        if index % _READ_AT_ONCE == 0:
            await asyncio.sleep(0)


def usable_lemmas(shape: GoalShape, dialect: Dialect, request: TacticRequest) -> list[Lemma]:
    """The lemmas of the open file, then those of the library, as far as they have to do with the goal."""
    return [*_own(_above(request), shape), *_library(shape, dialect, request.retrieved)]


def _above(request: TacticRequest) -> tuple[Premise, ...]:
    """What the open file offers above the site: declarations, what its inductive predicates are made by, and the laws
    of its classes and structures."""
    text = request.surroundings.text_above
    return (*request.premises, *rule_premises(text), *law_premises(text))


def _own(premises: Sequence[Premise], shape: GoalShape) -> list[Lemma]:
    """Lemmas of the open file, the nearest first among equals."""
    return _relevant([lemma for premise in reversed(premises) if (lemma := lemma_of(premise)) is not None], shape)


def _library(shape: GoalShape, dialect: Dialect, retrieved: Sequence[Premise]) -> list[Lemma]:
    """What retrieval found, best first; without one, the table."""
    if not retrieved:
        return _relevant(core_lemmas(dialect), shape)
    return [lemma for premise in retrieved if (lemma := lemma_of(premise)) is not None]


def _relevant(lemmas: Sequence[Lemma], shape: GoalShape) -> list[Lemma]:
    """Those that share a symbol with the goal or a hypothesis; those that bring in the least that is new first."""
    symbols = set(shape.symbols)
    for local in shape.proofs:
        symbols |= symbols_of(local.type)
    if symbols & {"+", "Nat.succ"} or any(symbol.isdigit() for symbol in symbols):
        symbols |= {"Nat.succ", "0", "1"}
    if symbols & ORDERS:
        symbols |= ORDERS | {"="}
    if "≠" in symbols:
        symbols |= {"=", "¬"}
    related = [lemma for lemma in lemmas if lemma.symbols & symbols]
    return sorted(related, key=lambda lemma: len(lemma.symbols - symbols))


def _uses(shape: GoalShape, lemmas: Sequence[Lemma], offset: float) -> list[tuple[str, float]]:
    goal = normal(shape.target, shape.types)
    applied: list[tuple[str, float]] = []
    rewrites: list[tuple[str, float]] = []
    simplified: list[tuple[str, float]] = []
    for lemma in lemmas:
        applied += _applications(lemma, goal, shape.types)
        equation = equation_of(lemma.statement)
        if equation is None:
            continue
        rewrites += _rewrites(lemma, equation, shape)
        forward = rewrite(equation, shape.target)
        if forward is not None and not equation.premises and _size(forward.result) <= _size(shape.target) + 1:
            simplified.append((f"simp [{lemma.name}]", -2.0))
    found = []
    for group, limit in ((applied, _MAX_APPLIED), (rewrites, _MAX_REWRITES), (simplified, _MAX_SIMP)):
        group.sort(key=lambda pair: -pair[1])
        found += [(text, score + offset - 0.04 * index) for index, (text, score) in enumerate(group[:limit])]
    return found


def _applications(lemma: Lemma, goal: Term, types: Mapping[str, Term]) -> Iterator[tuple[str, float]]:
    arguments, conclusion = open_statement(lemma.normal_statement)
    variables = frozenset(argument.name for argument in arguments if argument.name)
    is_bare = conclusion.shape is Shape.ATOM and conclusion.text in variables
    if is_bare or (conclusion == FALSE and goal != FALSE) or lemma.name in _NO_STEP:
        return
    values = match(conclusion, goal, variables, {})
    if values is None or not _fits_types(arguments, values, types):
        return
    premises = sum(1 for argument in arguments if argument.is_premise)
    open_variables = len(variables - values.keys())
    if not premises and not open_variables:
        blanks = sum(1 for a in arguments if a.name and a.kind is BinderKind.EXPLICIT)
        yield " ".join([f"exact {lemma.name}", *["_"] * blanks]), -0.4
        return
    score = -1.5 - 0.3 * premises - 1.3 * min(open_variables, 2)
    if conclusion.args and all(arg.text in variables for arg in conclusion.args):
        # `a = b` and the like fit everything of their type; from another equation it is no step forward.
        if all(
            argument.type is not None and argument.type.is_operator("=")
            for argument in arguments
            if argument.is_premise
        ):
            return
        score -= 1.0
    yield f"apply {lemma.name}", score


def _fits_types(arguments: Sequence[Argument], values: Mapping[str, Term], types: Mapping[str, Term]) -> bool:
    """Whether no value is known to be of another type than its variable."""
    for argument in arguments:
        if argument.name not in values or argument.type is None:
            continue
        kind = type_of(values[argument.name], types)
        wanted = plain_type(argument.type)
        if kind is not None and wanted[:1].isupper() and plain_type(kind) != wanted:
            return False
    return True


def _rewrites(lemma: Lemma, equation: Equation, shape: GoalShape) -> Iterator[tuple[str, float]]:
    """`rw` with the lemma where it fits first, and with its arguments spelt out for the places after that."""
    wanted = {local.type.alpha_key for local in shape.proofs}
    results = {shape.target}
    for arrow, used, score in (("", equation, -1.9), ("← ", equation.flipped(), -2.6)):
        if (
            is_numeral(used.left)
            or (arrow and lemma.name.endswith("injEq"))
            or not used.right.names & used.variables <= used.left.names
        ):
            continue
        for index, done in enumerate(islice(rewrites(used, shape.target), _MAX_PLACES)):
            text = lemma.name if index == 0 else _with_arguments(lemma, done.values)
            if text is None or done.result in results:
                continue
            results.add(done.result)
            value = score - 0.5 * min(index, 1) - 0.4 * len(done.premises)
            if is_settled(done.result):
                value = -0.5
            elif done.result.alpha_key in wanted:
                value = -0.7
            elif _size(done.result) < _size(shape.target):
                value += 0.6
            yield f"rw [{arrow}{text}]", value


def _with_arguments(lemma: Lemma, values: Mapping[str, Term]) -> str | None:
    """The lemma applied to its explicit variables; None if it has none, or one of them is not known."""
    names = [a.name for a in open_statement(lemma.statement)[0] if a.name and a.kind is BinderKind.EXPLICIT]
    if not names or any(name not in values for name in names):
        return None
    return " ".join([lemma.name, *(as_argument(values[name].rendered) for name in names)])


def _simp_set(shape: GoalShape, lemmas: Sequence[Lemma]) -> Iterator[tuple[str, float]]:
    """`simp` with the first equations that make a part of the target smaller, together."""
    names = []
    for lemma in lemmas:
        equation = equation_of(lemma.statement)
        forward = rewrite(equation, shape.target) if equation is not None and not equation.premises else None
        if forward is not None and _size(forward.result) < _size(shape.target):
            names.append(lemma.name)
    if len(names) > 1:
        yield f"simp [{', '.join(names[:_MAX_IN_SET])}]", -2.0


def _definitions(shape: GoalShape, premises: Sequence[Premise]) -> list[tuple[str, float]]:
    """Definitions of the open file that the goal speaks of, unfolded."""
    found = []
    for premise in premises:
        if (
            premise.kind in ("def", "abbrev")
            and {premise.full_name, premise.full_name.rpartition(".")[2]} & shape.symbols
        ):
            found += [(f"simp [{premise.full_name}]", -1.4), (f"unfold {premise.full_name}", -2.2)]
            found.append((f"simp_all [{premise.full_name}]", -2.0))
    stated = [premise.full_name for premise in premises if _is_predicate(premise, shape)]
    if stated:
        found.append((f"simp only [{', '.join(stated[-_MAX_IN_SET:])}] at *", -0.9))
    return found


def _is_predicate(premise: Premise, shape: GoalShape) -> bool:
    """Whether a premise defines a proposition that the target or a hypothesis begins with."""
    if premise.kind not in ("def", "abbrev") or not premise.statement.endswith((": Prop", "→ Prop")):
        return False
    names = {premise.full_name, premise.full_name.rpartition(".")[2]}
    return any(
        telescope(statement)[1].head in names for statement in (shape.target, *(one.type for one in shape.locals))
    )


def _computed(shape: GoalShape, dialect: Dialect) -> Iterator[tuple[str, float]]:
    """Lemmas that may end what Lean has to compute first: `a * Nat.succ b ≠ 0`, `f m ≤ f (m + 0)`."""
    target = normal(shape.target, shape.types)
    denied = negation(target)
    names: tuple[str, ...] = ()
    if denied is not None and denied.is_operator("=") and denied.args[1].text == "0":
        names = ("Nat.succ_ne_zero", "Nat.succNeZero")
    elif target.is_operator("<") and target.args[0].text == "0":
        names = ("Nat.zero_lt_succ", "Nat.zeroLtSucc")
    elif target.is_operator("≤"):
        names = ("Nat.le_refl", "Nat.leRefl")
    for name in names:
        if dialect.has_name(name) and shape.carrier in ("Nat", ""):
            yield f"exact {name} _", -1.6


def _alternatives(shape: GoalShape, lemmas: Sequence[Lemma]) -> Iterator[tuple[str, float]]:
    """Cases by a lemma that says `p ∨ q`: of two terms that the goal compares, or of a hypothesis."""
    for lemma in lemmas:
        arguments, conclusion = open_statement(lemma.normal_statement)
        if not conclusion.is_operator("∨"):
            continue
        premises = [argument.type for argument in arguments if argument.is_premise and argument.type is not None]
        explicit = [argument.name for argument in arguments if argument.name and argument.kind is BinderKind.EXPLICIT]
        if len(premises) == 1 and not explicit:
            variables = frozenset(argument.name for argument in arguments)
            for local in shape.proofs:
                if match(premises[0], normal(local.type, shape.types), variables, {}) is not None:
                    yield _cases_by(f"{lemma.name} {local.name}", shape), -2.8
        elif not premises and explicit and all(_is_on_numbers(argument) for argument in arguments):
            for values in _compared(shape, len(explicit)):
                listed = " ".join(as_argument(value.rendered) for value in values)
                yield _cases_by(f"{lemma.name} {listed}", shape), -3.2


def _cases_by(term: str, shape: GoalShape) -> str:
    names = Names(shape.taken)
    return f"cases {term} with | inl {names.fresh('h1')} => ?_ | inr {names.fresh('h2')} => ?_"


def _is_on_numbers(argument: Argument) -> bool:
    return argument.type is not None and plain_type(argument.type) == "Nat"


def _compared(shape: GoalShape, count: int) -> list[tuple[Term, ...]]:
    """Terms on `Nat` that the target compares, subtracts or divides; one or two at a time."""
    found: dict[tuple[Term, ...], None] = {}
    for part in subterms(shape.target):
        if not part.is_infix("<", "≤", ">", "≥", "-", "/", "%") or shape.carrier != "Nat":
            continue
        if count == 2:
            found[part.args] = None
        elif count == 1:
            found |= {(arg,): None for arg in part.args if not is_numeral(arg)}
    return list(found)[:_MAX_PLACES]


def _size(term: Term) -> int:
    return sum(1 for _ in subterms(term))
