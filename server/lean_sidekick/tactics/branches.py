"""`if … then … else` where a toolchain has no `split`: the branch that holds, or a distinction on the condition.

The condition is read from the text of the target. Whether the hypotheses say it or deny it is for the prover of
`logic`, with the lemmas at hand: `rw [ifNeg (Nat.notLeOfGt h)]`. Pure.
"""

import re
from collections.abc import Iterator, Sequence

from lean_sidekick.core.candidates import Candidate, Source
from lean_sidekick.core.term_reader import read_term
from lean_sidekick.core.terms import Shape, Term, operator, subterms
from lean_sidekick.tactics.api import TacticRequest
from lean_sidekick.tactics.classical import by_truth, cases_on
from lean_sidekick.tactics.core_lemmas import core_lemmas
from lean_sidekick.tactics.dialect import Dialect
from lean_sidekick.tactics.goal_shape import GoalShape, read_goal
from lean_sidekick.tactics.lemmas import read_ahead, usable_lemmas
from lean_sidekick.tactics.logic import prove_under
from lean_sidekick.tactics.normal import normal
from lean_sidekick.tactics.sequents import Fact, apply

_IF = re.compile(r"\bif (?P<name>[^\W\d][\w']* : )?(?P<condition>(?:(?!\bif\b).)+?) then\b")
_HOLDS = ("ifPos", "if_pos"), ("difPos", "dif_pos")
_FAILS = ("ifNeg", "if_neg"), ("difNeg", "dif_neg")
_MAX_CONDITIONS = 2
_MAX_LEMMAS = 40
_ORDER = frozenset({"Nat.not_le_of_gt", "Nat.notLeOfGt", "Nat.le_of_lt", "Nat.leOfLt"})
"""What a condition on numbers that is decided by another one needs, whether retrieval found it or not."""


def branch_names() -> tuple[str, ...]:
    """The names of the lemmas that choose a branch, in all spellings."""
    return tuple(name for plain, dependent in (_HOLDS, _FAILS) for name in (*plain, *dependent))


class Branches:
    """Steps for `if` as a generator."""

    async def generate(self, request: TacticRequest) -> Sequence[Candidate]:
        """Steps for the conditions in the target, likeliest first; none where `split` does it."""
        shape, dialect = read_goal(request.goal), Dialect(request.known_tactics)
        if "if " not in request.goal.target or dialect.has("split"):
            return []
        await read_ahead(request)
        found_lemmas = usable_lemmas(shape, dialect, request)[:_MAX_LEMMAS]
        lemmas = {one.name: one for one in (*found_lemmas, *core_lemmas(dialect, _ORDER))}
        facts = [Fact(one.normal_statement, one.name) for one in lemmas.values()]
        found = sorted(_steps(shape, dialect, facts), key=lambda pair: -pair[1])
        return [Candidate(text=text, source=Source.SHAPE, score=score) for text, score in found]


def _steps(shape: GoalShape, dialect: Dialect, lemmas: Sequence[Fact]) -> Iterator[tuple[str, float]]:
    for index, (condition, is_dependent) in enumerate(_conditions(shape)):
        late = 0.4 * index
        statement = normal(condition, shape.types)
        is_decided = False
        for spellings, wanted in ((_HOLDS, statement), (_FAILS, operator("¬", statement))):
            name = next((one for one in spellings[is_dependent] if dialect.has_name(one)), None)
            proof = None if name is None else prove_under(shape, wanted, lemmas)
            if name is not None and proof is not None:
                is_decided = True
                yield f"rw [{apply(name, proof)}]", -0.3 - late
        if not is_decided:
            yield cases_on(condition, shape, dialect), -0.9 - late
            yield by_truth(condition, shape, dialect), -1.5 - late


def _conditions(shape: GoalShape) -> list[tuple[Term, bool]]:
    """The conditions of the target that can be typed, and whether the branches speak of their proofs."""
    found: dict[Term, bool] = {}
    for part in subterms(shape.target):
        if part.shape is not Shape.OPAQUE:
            continue
        for match in _IF.finditer(part.text):
            condition = read_term(match["condition"].strip())
            if condition.shape is not Shape.OPAQUE:
                found.setdefault(condition, match["name"] is not None)
    return list(found.items())[:_MAX_CONDITIONS]
