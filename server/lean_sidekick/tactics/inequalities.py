"""Inequalities between polynomials on `Nat`, for toolchains without `omega`.

`p ≤ q` where all that `q` has more than `p` is a sum of products: `Nat.le.intro` with that sum and one `rw` for the
equation. In the same way a hypothesis that says a number is larger than itself ends any goal. Pure.
"""

from collections.abc import Iterator, Sequence

from lean_sidekick.core.candidates import Candidate, Source
from lean_sidekick.core.terms import Term, atom, operator
from lean_sidekick.tactics.api import TacticRequest
from lean_sidekick.tactics.dialect import Dialect
from lean_sidekick.tactics.goal_shape import FALSE, GoalShape, carrier, read_goal
from lean_sidekick.tactics.polynomials import polynomial
from lean_sidekick.tactics.semiring import proved_by_rewriting
from lean_sidekick.tactics.sequents import as_argument


class Inequalities:
    """Proofs of inequalities as a generator."""

    async def generate(self, request: TacticRequest) -> Sequence[Candidate]:
        """A proof of the target, or of `False` from a hypothesis; none where `omega` is there."""
        dialect = Dialect(request.known_tactics)
        if dialect.has("omega") or not dialect.has_name("Nat.le.intro"):
            return []
        found = _proofs(read_goal(request.goal), dialect)
        return [Candidate(text=f"exact {proof}", source=Source.PORTFOLIO, score=score) for proof, score in found]


def _proofs(shape: GoalShape, dialect: Dialect) -> Iterator[tuple[str, float]]:
    target = shape.target
    if target.is_operator("≤", "<", "≥", ">") and shape.carrier == "Nat":
        small, large = target.args if target.text in ("≤", "<") else target.args[::-1]
        proof = _less(small, large, dialect, is_strict=target.text in ("<", ">"))
        if proof is not None:
            yield proof, -0.35 - min(len(proof) / 500, 0.6)
    for local in reversed(shape.proofs):
        if local.type.is_operator("=", "≤", "<", "≥", ">") and carrier(local.type, shape.types) == "Nat":
            proof = _contradiction(local.name, local.type, dialect)
            if proof is not None:
                yield (
                    proof if target == FALSE else f"False.elim {as_argument(proof)}",
                    -0.4 - min(len(proof) / 500, 0.6),
                )
                return


def _less(small: Term, large: Term, dialect: Dialect, *, is_strict: bool) -> str | None:
    """A proof of `small ≤ large` or `small < large`."""
    if is_strict:
        small = operator("+", small, atom("1"))
    difference = polynomial(large).minus(polynomial(small))
    if difference is None:
        return None
    more = difference.term()
    chain = proved_by_rewriting(operator("=", operator("+", small, more), large), "Nat", dialect)
    return None if chain is None else f"Nat.le.intro (k := {more.rendered}) (by {chain})"


def _contradiction(name: str, statement: Term, dialect: Dialect) -> str | None:
    """A proof of `False` from a statement that says of a number that it is larger than itself."""
    left, right = statement.args if statement.text not in ("≥", ">") else statement.args[::-1]
    if statement.text in ("<", ">"):
        left = operator("+", left, atom("1"))
    orders = [(left, right, name)]
    if statement.text == "=":
        orders.append((right, left, f"{name}.symm"))
    for larger, smaller, proof in orders:
        difference = polynomial(larger).minus(polynomial(smaller))
        if difference is None or difference.constant == 0:
            continue
        above = _less(smaller, larger, dialect, is_strict=True)
        if above is None:
            continue
        at_most = f"Nat.leOfEq {proof}" if statement.text == "=" else proof
        if not all(dialect.has_name(used) for used in ("Nat.ltIrrefl", "Nat.ltOfLtOfLe", "Nat.leOfEq")):
            return None
        return f"Nat.ltIrrefl _ (Nat.ltOfLtOfLe ({above}) {as_argument(at_most)})"
    return None
