"""Inequalities between polynomials on `Nat`, for toolchains without `omega`.

`p ≤ q` where all that `q` has more than `p` is a sum of products: `Nat.le.intro` with that sum and one `rw` for the
equation. `p ≤ q` from hypotheses `l ≤ r`: where `q` is `c * r` and more, and `c * l` with as much is at least `p`. In
the same way a hypothesis that says a number is larger than itself ends any goal. Pure.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations, permutations

from lean_sidekick.core.candidates import Candidate, Source
from lean_sidekick.core.terms import Term, application, atom, operator
from lean_sidekick.tactics.api import TacticRequest
from lean_sidekick.tactics.dialect import Dialect
from lean_sidekick.tactics.goal_shape import FALSE, GoalShape, carrier, read_goal
from lean_sidekick.tactics.names import Names
from lean_sidekick.tactics.polynomials import polynomial
from lean_sidekick.tactics.semiring import proved_by_rewriting
from lean_sidekick.tactics.sequents import as_argument

_MAX_HYPOTHESES = 4
_MAX_TIMES = 3
_STEP = -0.7
_AtMost = tuple[str, Term, Term]
"""A proof that one number is at most another, and both."""
_LEMMAS = (
    ("leTrans", "le_trans"),
    ("leOfEq", "le_of_eq"),
    ("addLeAdd", "add_le_add"),
    ("addLeAddRight", "add_le_add_right"),
    ("mulLeMulLeft", "mul_le_mul_left"),
    ("ltIrrefl", "lt_irrefl"),
    ("ltOfLtOfLe", "lt_of_lt_of_le"),
    ("leAntisymm", "le_antisymm"),
    ("ltOrGe", "lt_or_ge"),
)
"""Early names and those of today."""


class Inequalities:
    """Proofs of inequalities as a generator."""

    async def generate(self, request: TacticRequest) -> Sequence[Candidate]:
        """A proof of the target, or of `False` from a hypothesis; none where `omega` is there."""
        dialect = Dialect(request.known_tactics)
        if dialect.has("omega") or not dialect.has_name("Nat.le.intro"):
            return []
        shape = read_goal(request.goal)
        found = [(f"exact {proof}", score) for proof, score in _proofs(shape, dialect)]
        found = found or [*_towards_contradiction(shape, dialect)]
        return [Candidate(text=text, source=Source.PORTFOLIO, score=score) for text, score in found]


def _towards_contradiction(shape: GoalShape, dialect: Dialect) -> Iterator[tuple[str, float]]:
    """An equation as two inequalities, and an inequality as what its opposite contradicts, where a hypothesis
    compares multiples."""
    names = _spellings(dialect)
    if names is None or shape.carrier != "Nat" or not shape.target.is_operator("=", "≤"):
        return
    if not any(map(_factors, _hypotheses(shape, names))):
        return
    if shape.target.is_operator("="):
        yield f"apply {names['le_antisymm']}", _STEP
        return
    small, large = (as_argument(side.rendered) for side in shape.target.args)
    fresh = Names(shape.taken)
    cases = f"| inl {fresh.fresh('h1')} => ?_ | inr {fresh.fresh('h2')} => ?_"
    yield f"cases {names['lt_or_ge']} {large} {small} with {cases}", _STEP


def _proofs(shape: GoalShape, dialect: Dialect) -> Iterator[tuple[str, float]]:
    target, names = shape.target, _spellings(dialect)
    if names is None:
        return
    known = list(_known(shape, names))
    if target.is_operator("≤", "<", "≥", ">") and shape.carrier == "Nat":
        small, large = _at_most(target)
        proof = _less(small, large, dialect) or _from_hypotheses(small, large, known, names, dialect)
        if proof is not None:
            yield proof, -0.35 - min(len(proof) / 500, 0.6)
    for step, low, high in known:
        above = _above_itself(low, high, dialect)
        if above is not None:
            proof = f"{names['lt_irrefl']} _ ({names['lt_of_lt_of_le']} ({above}) {as_argument(step)})"
            proof = proof if target == FALSE else f"False.elim {as_argument(proof)}"
            yield proof, -0.4 - min(len(proof) / 500, 0.6)
            return


def _spellings(dialect: Dialect) -> dict[str, str] | None:
    """The lemmas that proofs are made of, as the toolchain calls them; None if one is missing."""
    found = {}
    for early, today in _LEMMAS:
        name = next((one for one in (early, today) if dialect.has_name(f"Nat.{one}")), None)
        if name is None:
            return None
        found[today] = f"Nat.{name}"
    return found


def _known(shape: GoalShape, names: Mapping[str, str]) -> Iterator[_AtMost]:
    """Proofs that something is at most something: the hypotheses, the newest first, and the sum of any two, one of them
    as often as the other one's products are taken."""
    found = _hypotheses(shape, names)
    yield from found
    for one, other in combinations(found, 2):
        yield _sum(one, other, names)
    for one, other in permutations(found, 2):
        for times in sorted(_factors(one) - _factors(other)):
            yield _sum(one, _multiple(other, times, names), names)


def _hypotheses(shape: GoalShape, names: Mapping[str, str]) -> list[_AtMost]:
    """What the hypotheses say, the newest first; an equation says it both ways."""
    found: list[_AtMost] = []
    for local in reversed(shape.proofs):
        if carrier(local.type, shape.types) != "Nat" or len(found) >= _MAX_HYPOTHESES:
            continue
        if local.type.is_operator("≤", "<", "≥", ">"):
            found.append((local.name, *_at_most(local.type)))
        elif local.type.is_operator("="):
            left, right = local.type.args
            found.append((f"{names['le_of_eq']} {local.name}", left, right))
            found.append((f"{names['le_of_eq']} {local.name}.symm", right, left))
    return found


def _factors(known: _AtMost) -> set[int]:
    """The numbers that products are taken in what is known, as far as others are multiplied by them."""
    counts = {count for side in known[1:] for key, count in polynomial(side).summands.items() if key}
    return {count for count in counts if 1 < count <= _MAX_TIMES}


def _multiple(known: _AtMost, times: int, names: Mapping[str, str]) -> _AtMost:
    proof, low, high = known
    factor = atom(str(times))
    many = f"{names['mul_le_mul_left']} {times} {as_argument(proof)}"
    return many, operator("*", factor, low), operator("*", factor, high)


def _sum(first: _AtMost, second: _AtMost, names: Mapping[str, str]) -> _AtMost:
    both = f"{names['add_le_add']} {as_argument(first[0])} {as_argument(second[0])}"
    return both, operator("+", first[1], second[1]), operator("+", first[2], second[2])


def _above_itself(larger: Term, smaller: Term, dialect: Dialect) -> str | None:
    """A proof of `smaller < larger`, None if their difference does not show it."""
    difference = polynomial(larger).minus(polynomial(smaller))
    if difference is None or difference.constant == 0:
        return None
    return _less(application(atom("Nat.succ"), [smaller]), larger, dialect)


def _at_most(statement: Term) -> tuple[Term, Term]:
    """Both sides of an order as `≤` has them: `a < b` is `Nat.succ a ≤ b` to Lean."""
    small, large = statement.args if statement.text in ("≤", "<") else statement.args[::-1]
    return (application(atom("Nat.succ"), [small]) if statement.text in ("<", ">") else small), large


def _less(small: Term, large: Term, dialect: Dialect) -> str | None:
    """A proof of `small ≤ large` by what the larger one has more."""
    difference = polynomial(large).minus(polynomial(small))
    if difference is None:
        return None
    more = difference.term()
    chain = proved_by_rewriting(operator("=", operator("+", small, more), large), "Nat", dialect)
    proof = "rfl" if chain == "rfl" else f"(by {chain})"
    return None if chain is None else f"Nat.le.intro (k := {more.rendered}) {proof}"


def _from_hypotheses(
    small: Term, large: Term, known: Sequence[tuple[str, Term, Term]], names: Mapping[str, str], dialect: Dialect
) -> str | None:
    """A proof of `small ≤ large` from a multiple of what is known."""
    for proof, low, high in known:
        for times in range(1, _MAX_TIMES + 1):
            step = _multiple((proof, low, high), times, names) if times > 1 else (proof, low, high)
            found = _between(small, large, step, names, dialect)
            if found is not None:
                return found
    return None


def _between(
    small: Term, large: Term, step: tuple[str, Term, Term], names: Mapping[str, str], dialect: Dialect
) -> str | None:
    """`small ≤ low + rest ≤ high + rest = large`, for a step that proves `low ≤ high`."""
    proof, low, high = step
    difference = polynomial(large).minus(polynomial(high))
    if difference is None:
        return None
    if difference.summands:
        rest = difference.term()
        low, high = operator("+", low, rest), operator("+", high, rest)
        proof = f"{names['add_le_add_right']} {as_argument(proof)} {as_argument(rest.rendered)}"
    is_equal = polynomial(small).summands == polynomial(low).summands
    before = _equal(small, low, names, dialect) if is_equal else _less(small, low, dialect)
    after = _equal(high, large, names, dialect)
    if before is None or after is None:
        return None
    for other in (after, before):
        if other != "":
            sides = (proof, other) if other is after else (other, proof)
            proof = f"{names['le_trans']} {as_argument(sides[0])} {as_argument(sides[1])}"
    return proof


def _equal(left: Term, right: Term, names: Mapping[str, str], dialect: Dialect) -> str | None:
    """A proof of `left ≤ right` for two sides with the same value, "" where Lean sees it."""
    if left.alpha_key == right.alpha_key:
        return ""
    chain = proved_by_rewriting(operator("=", left, right), "Nat", dialect)
    return None if chain is None else f"{names['le_of_eq']} (by {chain})"
