"""Lemmas as tactics: the accessible ones of the open file and the core table, used in `exact`, `apply`, `rw` and `simp`.

A lemma is offered only where its statement, read from text, can fit: its conclusion the target, or a side of its equation a
part of the target. Lemmas of the open file come before those of the library. Numbers are capped: a lemma that fits
everything must not crowd out the rest.
"""

from collections.abc import Iterator, Sequence

from lean_sidekick.core.candidates import Candidate, Source, deduplicate
from lean_sidekick.core.premises import Premise
from lean_sidekick.tactics.api import TacticRequest
from lean_sidekick.tactics.core_lemmas import Lemma, core_lemmas
from lean_sidekick.tactics.dialect import Dialect
from lean_sidekick.tactics.goal_shape import FALSE, GoalShape, read_goal, symbols_of, telescope
from lean_sidekick.tactics.logic import prove
from lean_sidekick.tactics.normal import normal
from lean_sidekick.tactics.rewriting import Equation, equation_of, is_settled, rewrite
from lean_sidekick.tactics.sequents import Fact, open_statement
from lean_sidekick.tactics.term_reader import read_binders
from lean_sidekick.tactics.terms import BinderKind, Shape, Term, match, subterms

_MAX_APPLIED = 12
_MAX_REWRITES = 16
_MAX_SIMP = 6
_MAX_FOR_PROVER = 40
_MAX_TERM_LENGTH = 600
_PREMISE_KINDS = frozenset({"theorem", "lemma", "axiom", "def", "instance", "abbrev"})


class Lemmas:
    """Uses of lemmas as a generator."""

    async def generate(self, request: TacticRequest) -> Sequence[Candidate]:
        """Lemmas that can fit the goal, likeliest first."""
        return lemma_candidates(read_goal(request.goal), Dialect(request.known_tactics), request.premises)


def lemma_candidates(shape: GoalShape, dialect: Dialect, premises: Sequence[Premise]) -> list[Candidate]:
    """Lemmas that can fit the goal, likeliest first."""
    own = [lemma for premise in premises if (lemma := _from_premise(premise)) is not None]
    library = _relevant(core_lemmas(dialect), shape)
    found = [*_proof_terms(shape, own, library)]
    found += _uses(shape, own, 0.0)
    found += _uses(shape, library, -0.4)
    found += _definitions(shape, premises)
    candidates = [Candidate(text=text, source=Source.LEMMA, score=score) for text, score in found]
    return sorted(deduplicate(candidates), key=lambda candidate: -candidate.score)


def _from_premise(premise: Premise) -> Lemma | None:
    if premise.kind not in _PREMISE_KINDS:
        return None
    statement = read_binders(premise.statement)
    if statement is None:
        return None
    return Lemma(name=premise.full_name, statement=statement, symbols=symbols_of(telescope(statement)[1]))


def _relevant(lemmas: Sequence[Lemma], shape: GoalShape) -> list[Lemma]:
    """Those that share the relation or a function with the goal or a hypothesis."""
    symbols = set(shape.symbols)
    for local in shape.proofs:
        symbols |= symbols_of(local.type)
    symbols |= {"Nat.succ"} if "+" in symbols or any(s.isdigit() for s in symbols) else set()
    symbols |= {"<", "≤"} if symbols & {">", "≥"} else set()
    return [lemma for lemma in lemmas if lemma.symbols & symbols]


def _proof_terms(shape: GoalShape, own: Sequence[Lemma], library: Sequence[Lemma]) -> Iterator[tuple[str, float]]:
    """Terms that end the goal by lemmas and hypotheses together."""
    goal = normal(shape.target, shape.types)
    facts = [Fact(normal(lemma.statement, {}), lemma.name) for lemma in [*own, *library] if _may_conclude(lemma, goal)]
    if not facts:
        return
    proof = prove(shape, facts[:_MAX_FOR_PROVER])
    if proof is not None and len(proof) <= _MAX_TERM_LENGTH:
        yield f"exact {proof}", -0.15 - len(proof) / 300


def _may_conclude(lemma: Lemma, goal: Term) -> bool:
    """Lemmas with the relation of the goal's end, orders with each other, and contradictions."""
    wanted = telescope(goal)[1]
    head = telescope(normal(lemma.statement, {}))[1]
    if head == FALSE or wanted == FALSE or not wanted.text or wanted.is_operator("∧", "∨", "↔"):
        return True
    orders = {"<", "≤", "="}
    return head.head == wanted.head or (head.text in orders and wanted.text in orders)


def _uses(shape: GoalShape, lemmas: Sequence[Lemma], offset: float) -> list[tuple[str, float]]:
    goal = normal(shape.target, shape.types)
    applied: list[tuple[str, float]] = []
    rewrites: list[tuple[str, float]] = []
    simplified: list[tuple[str, float]] = []
    for lemma in lemmas:
        applied += _applications(lemma, goal)
        equation = equation_of(lemma.statement)
        if equation is None:
            continue
        rewrites += _rewrites(lemma, equation, shape)
        forward = rewrite(equation, shape.target)
        if forward is not None and _size(forward.result) <= _size(shape.target) + 1:
            simplified.append((f"simp [{lemma.name}]", -2.0))
    found = []
    for group, limit in ((applied, _MAX_APPLIED), (rewrites, _MAX_REWRITES), (simplified, _MAX_SIMP)):
        group.sort(key=lambda pair: -pair[1])
        found += [(text, score + offset - 0.04 * index) for index, (text, score) in enumerate(group[:limit])]
    return found


def _applications(lemma: Lemma, goal: Term) -> Iterator[tuple[str, float]]:
    arguments, conclusion = open_statement(normal(lemma.statement, {}))
    variables = frozenset(argument.name for argument in arguments if argument.name)
    if conclusion.shape is Shape.ATOM and conclusion.text in variables:
        return
    premises = sum(1 for argument in arguments if argument.is_premise)
    if conclusion == FALSE and goal != FALSE:
        return
    values = match(conclusion, goal, variables, {})
    if values is None:
        return
    open_variables = len(variables - values.keys())
    if not premises and not open_variables:
        blanks = sum(1 for a in arguments if a.name and a.kind is BinderKind.EXPLICIT)
        yield " ".join([f"exact {lemma.name}", *["_"] * blanks]), -0.4
    yield f"apply {lemma.name}", -1.5 - 0.3 * premises - 1.3 * min(open_variables, 2)


def _rewrites(lemma: Lemma, equation: Equation, shape: GoalShape) -> Iterator[tuple[str, float]]:
    for arrow, used, score in (("", equation, -1.9), ("← ", equation.flipped(), -2.6)):
        done = rewrite(used, shape.target)
        if done is None or done.result == shape.target:
            continue
        if is_settled(done.result):
            score = -0.5
        elif _size(done.result) < _size(shape.target):
            score += 0.6
        elif not used.right.names & used.variables <= used.left.names:
            score -= 1.5
        score -= 0.4 * len(done.premises)
        yield f"rw [{arrow}{lemma.name}]", score


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
    return found


def _size(term: Term) -> int:
    return sum(1 for _ in subterms(term))
