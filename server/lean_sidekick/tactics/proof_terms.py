"""Whole proofs as terms: what follows from the hypotheses by logic alone, or with lemmas.

The prover is `logic`; this module gives it the goal, picks the lemmas that can take part, and makes an `exact` of
what it finds. Without a proof there is no candidate.
"""

import asyncio
from collections.abc import Sequence
from itertools import islice

from lean_sidekick.core.candidates import Candidate, Source
from lean_sidekick.core.terms import Shape, Term
from lean_sidekick.tactics.api import TacticRequest
from lean_sidekick.tactics.dialect import Dialect
from lean_sidekick.tactics.equations import derived_equations
from lean_sidekick.tactics.goal_shape import FALSE, GoalShape, read_goal, telescope
from lean_sidekick.tactics.lemma import Lemma
from lean_sidekick.tactics.lemmas import read_ahead, usable_lemmas
from lean_sidekick.tactics.logic import prove
from lean_sidekick.tactics.normal import normal
from lean_sidekick.tactics.sequents import Fact

_MAX_LEMMAS = 40
_MAX_LENGTH = 1500
_ORDERS = frozenset({"<", "≤", "="})


class ProofTerms:
    """Proof terms as a generator of at most one candidate."""

    async def generate(self, request: TacticRequest) -> Sequence[Candidate]:
        """`exact` with a proof of the goal, if one was found."""
        shape = read_goal(request.goal)
        # In a thread: a long proof takes tenths of a second of computing, and the event loop must not wait for it.
        proof = await asyncio.to_thread(_logical_proof, shape)
        if proof is not None:
            return _candidate(proof, Source.HYPOTHESIS, -0.05)
        await read_ahead(request)
        lemmas = usable_lemmas(shape, Dialect(request.known_tactics), request)
        proof = await asyncio.to_thread(_proof_by_lemmas, shape, lemmas)
        return [] if proof is None else _candidate(proof, Source.LEMMA, -0.15)


def _logical_proof(shape: GoalShape) -> str | None:
    return prove(shape, (), derived_equations(shape, normal(shape.target, shape.types), ()))


def _proof_by_lemmas(shape: GoalShape, lemmas: Sequence[Lemma]) -> str | None:
    goal = normal(shape.target, shape.types)
    able = (lemma for lemma in lemmas if _may_take_part(lemma, goal, shape.carrier))
    facts = [Fact(lemma.normal_statement, lemma.name) for lemma in islice(able, _MAX_LEMMAS)]
    return prove(shape, facts, derived_equations(shape, goal, facts)) if facts else None


def _candidate(proof: str, source: Source, score: float) -> list[Candidate]:
    if len(proof) > _MAX_LENGTH:
        return []
    if proof.startswith("(match ") and proof.endswith(")"):
        proof = proof[1:-1]
    text = proof if proof == "rfl" else f"exact {proof}"
    return [Candidate(text=text, source=source, score=score - len(proof) / 400)]


def _fits_everything(lemma: Lemma) -> bool:
    """Whether it concludes `a = b` for any `a` and `b` of a type."""
    arguments, conclusion = telescope(lemma.normal_statement)
    names = {argument.name for argument in arguments}
    return conclusion.is_operator("=") and all(side.text in names for side in conclusion.args)


def _is_about_anything(lemma: Lemma) -> bool:
    """Whether its conclusion is a variable or a variable applied, as that of a recursor or of `id` is."""
    arguments, conclusion = telescope(lemma.normal_statement)
    return conclusion.head in {argument.name for argument in arguments} and conclusion != FALSE


def _may_take_part(lemma: Lemma, goal: Term, wanted_carrier: str) -> bool:
    """Lemmas with the goal's relation, orders for each other, and contradictions; none on another type of numbers."""
    if _is_about_anything(lemma):
        return False
    if lemma.carrier and wanted_carrier and lemma.carrier != wanted_carrier:
        return False
    if _fits_everything(lemma) and (lemma.carrier or "?") != (wanted_carrier or "Nat"):
        return False
    wanted = telescope(goal)[1]
    conclusion = telescope(lemma.normal_statement)[1]
    if conclusion == FALSE or wanted == FALSE or wanted.shape is Shape.BINDER or wanted.is_operator("∧", "∨", "↔"):
        return True
    return conclusion.head == wanted.head or (conclusion.text in _ORDERS and wanted.text in _ORDERS)
