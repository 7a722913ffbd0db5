"""What hypotheses and lemmas give when they are applied to what is there.

Forward steps: `cases h a ha with …` where `h : ∀ x, p x → ∃ y, q x y` and `ha : p a`, `rw [ih m hm]` where an equation
has premises that hold, `have h1 := h a ha` for the rest; `cases Nat.le.dest h with …` for lemmas that say what exists.
Proofs of premises come from the prover of `logic`, so that nothing is left to be proved beside the goal.
"""

from collections.abc import Iterator, Mapping, Sequence

from lean_sidekick.core.candidates import Candidate, Source, deduplicate
from lean_sidekick.core.terms import BinderKind, Term, atom, match, operator, substitute
from lean_sidekick.tactics.api import TacticRequest
from lean_sidekick.tactics.dialect import Dialect
from lean_sidekick.tactics.goal_shape import FALSE, GoalShape, Local, conjuncts, disjuncts, read_goal
from lean_sidekick.tactics.lemma import Lemma
from lean_sidekick.tactics.lemmas import read_ahead, usable_lemmas
from lean_sidekick.tactics.logic import applications, facts_of, prove_under
from lean_sidekick.tactics.names import Names
from lean_sidekick.tactics.normal import normal
from lean_sidekick.tactics.patterns import alternatives, are_known, has_instance, opened
from lean_sidekick.tactics.rewriting import equation_of, is_settled, rewrites
from lean_sidekick.tactics.sequents import Fact, apply, as_argument, open_statement
from lean_sidekick.tactics.transport import transports

_MAX_LEMMAS = 40
_MAX_REWRITES = 3
_MAX_HAVES = 3
_MAX_COMPUTED = 6
RECURSION = ("WellFounded.induction", "Nat.ltWf")
"""What strong induction is called where a toolchain has no other name for it."""
_STEP = ("n", "∀ m, m < n → p m")
"""What a step of strong induction is about."""


class Applied:
    """Forward steps as a generator."""

    async def generate(self, request: TacticRequest) -> Sequence[Candidate]:
        """Steps that hypotheses and lemmas give, likeliest first."""
        shape = read_goal(request.goal)
        if not shape.proofs:
            return []
        await read_ahead(request)
        dialect = Dialect(request.known_tactics)
        return applied_candidates(shape, dialect, usable_lemmas(shape, dialect, request))


def applied_candidates(shape: GoalShape, dialect: Dialect, lemmas: Sequence[Lemma]) -> list[Candidate]:
    """Steps that hypotheses and lemmas give, likeliest first."""
    facts = [Fact(lemma.normal_statement, lemma.name) for lemma in lemmas[:_MAX_LEMMAS]]
    found = [
        *_forward(shape, dialect),
        *transports(shape),
        *_rewrites(shape, facts),
        *_what_exists(shape, dialect, lemmas),
        *_computed(shape, lemmas),
        *_well_founded(shape, dialect),
    ]
    candidates = [Candidate(text=text, source=Source.HYPOTHESIS, score=score) for text, score in found]
    return sorted(deduplicate(candidates), key=lambda candidate: -candidate.score)


def _forward(shape: GoalShape, dialect: Dialect) -> Iterator[tuple[str, float]]:
    known = list(facts_of(shape))
    haves = 0
    for index, fact in enumerate(applications(shape)):
        statement, late = fact.statement, 0.1 * min(index, 5)
        if statement.is_binder("∃"):
            if not has_instance(statement, known):
                yield opened(fact.statement, fact.proof, Names(shape.taken), dialect), -0.7 - late
        elif statement.is_operator("∨"):
            if not any(are_known((disjunct,), known) for disjunct in disjuncts(statement)):
                left, right = statement.args
                yield alternatives(fact.proof, left, right, Names(shape.taken)), -1.1 - late
        elif statement.is_operator("∧"):
            if not are_known(conjuncts(statement), known):
                yield opened(fact.statement, fact.proof, Names(shape.taken), dialect), -1.3 - late
        elif haves < _MAX_HAVES and statement != FALSE:
            haves += 1
            yield f"have {Names(shape.taken).fresh('h1')} := {fact.proof}", -2.3 - late


def _rewrites(shape: GoalShape, lemmas: Sequence[Fact]) -> Iterator[tuple[str, float]]:
    """Equations with premises, an induction hypothesis above all, with the proofs of their premises."""
    for index, local in enumerate(reversed(shape.proofs)):
        equation = equation_of(local.type)
        if equation is None or not equation.premises:
            continue
        is_inductive = local.name.startswith("ih")
        for arrow, used in (("", equation), ("← ", equation.flipped())):
            if not used.right.names & used.variables <= used.left.names:
                continue
            for done in list(rewrites(used, shape.target))[:_MAX_REWRITES]:
                text = _applied_to(local, done.values, shape, lemmas)
                if text is None or done.result == shape.target:
                    continue
                score = -0.2 if is_settled(done.result) else -0.7 if is_inductive else -1.5
                yield f"rw [{arrow}{text}]", score - (0.8 if arrow else 0.0) - 0.05 * min(index, 6)


def _applied_to(local: Local, values: Mapping[str, Term], shape: GoalShape, lemmas: Sequence[Fact]) -> str | None:
    """The hypothesis with its arguments, the premises proved; None if one is not."""
    pieces = []
    for argument in open_statement(local.type)[0]:
        if argument.name:
            if argument.name not in values:
                return None
            if argument.kind is BinderKind.EXPLICIT:
                pieces.append(values[argument.name].rendered)
            continue
        assert argument.type is not None
        premise = normal(substitute(argument.type, values), shape.types)
        proof = prove_under(shape, premise, lemmas)
        if proof is None:
            return None
        pieces.append(proof)
    return apply(local.name, *pieces)


def _what_exists(shape: GoalShape, dialect: Dialect, lemmas: Sequence[Lemma]) -> Iterator[tuple[str, float]]:
    """Lemmas such as `n ≤ m → ∃ k, n + k = m`, for hypotheses that they fit."""
    known = list(facts_of(shape))
    for lemma in lemmas:
        arguments, conclusion = open_statement(lemma.normal_statement)
        premises = [argument.type for argument in arguments if argument.is_premise and argument.type is not None]
        if not conclusion.is_binder("∃") or len(premises) != 1:
            continue
        if any(argument.name and argument.kind is BinderKind.EXPLICIT for argument in arguments):
            continue
        variables = frozenset(argument.name for argument in arguments if argument.name)
        for index, local in enumerate(reversed(shape.proofs)):
            values = _values(premises[0], normal(local.type, shape.types), variables)
            if values is None or not variables <= values.keys():
                continue
            fact = Fact(substitute(conclusion, values), f"{lemma.name} {local.name}")
            if not has_instance(normal(fact.statement, shape.types), known):
                yield opened(fact.statement, fact.proof, Names(shape.taken), dialect), -1.9 - 0.1 * min(index, 5)


def _computed(shape: GoalShape, lemmas: Sequence[Lemma]) -> Iterator[tuple[str, float]]:
    """Lemmas of the target's relation with an induction hypothesis as their premise: the rest may compute."""
    hypotheses = [local for local in shape.proofs if local.name.startswith("ih")]
    relation = normal(shape.target, shape.types).head
    count = 0
    for lemma in lemmas if hypotheses else ():
        arguments, conclusion = open_statement(lemma.normal_statement)
        premises = [argument.type for argument in arguments if argument.is_premise and argument.type is not None]
        if len(premises) != 1 or conclusion.head != relation or count >= _MAX_COMPUTED:
            continue
        if any(argument.name and argument.kind is BinderKind.EXPLICIT for argument in arguments):
            continue
        variables = frozenset(argument.name for argument in arguments if argument.name)
        for local in hypotheses:
            if match(premises[0], normal(local.type, shape.types), variables, {}) is not None:
                count += 1
                yield f"exact {lemma.name} {local.name}", -1.9 - 0.1 * count


def _well_founded(shape: GoalShape, dialect: Dialect) -> Iterator[tuple[str, float]]:
    """The target from a hypothesis that says how it follows from all smaller numbers."""
    if not all(dialect.has_name(name) for name in RECURSION):
        return
    for local in shape.proofs:
        arguments, conclusion = open_statement(normal(local.type, shape.types))
        if conclusion.head != shape.target.head or len(arguments) != len(_STEP) or arguments[1].type is None:
            continue
        premise = arguments[1].type
        if premise.is_binder("∀") and premise.body.is_operator("→") and premise.body.args[0].is_operator("<"):
            for value in shape.target.arguments:
                yield f"exact WellFounded.induction Nat.ltWf {as_argument(value.rendered)} {local.name}", -0.5


def _values(premise: Term, statement: Term, variables: frozenset[str]) -> dict[str, Term] | None:
    """What a premise's variables stand for in a statement; `a < b` is `a + 1 ≤ b` too."""
    values = match(premise, statement, variables, {})
    if values is None and premise.is_operator("≤") and statement.is_operator("<"):
        left, right = statement.args
        values = match(premise, operator("≤", operator("+", left, atom("1")), right), variables, {})
    return values
