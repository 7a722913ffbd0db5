"""Hypotheses carried over to the target by equations: `rw [h x hx, ← h y hy]` for `q x` where `q y` is known.

The equations are those that hypotheses give when they are applied to what others say, such as `∀ y, p y → y = x`; those
that stand in the context alone are for `subst` and `simp_all`. Pure.
"""

from collections.abc import Iterator, Sequence

from lean_sidekick.core.terms import Shape, Term
from lean_sidekick.tactics.goal_shape import GoalShape
from lean_sidekick.tactics.logic import applications
from lean_sidekick.tactics.normal import normal
from lean_sidekick.tactics.sequents import Fact

_MAX_EQUATIONS = 12
_MAX_STEPS = 4


def transports(shape: GoalShape) -> Iterator[tuple[str, float]]:
    """Steps after which the target is a hypothesis, with their scores."""
    target = normal(shape.target, shape.types)
    if target.shape is not Shape.APPLICATION:
        return
    like = [local for local in shape.proofs if local.type.head == target.head]
    derived = [fact for fact in applications(shape) if fact.statement.is_operator("=")] if like else []
    if not derived:
        return
    stated = [Fact(local.type, local.name) for local in shape.proofs if local.type.is_operator("=")]
    for local in like:
        rewrites: list[str] = []
        for ours, theirs in _differences(target, normal(local.type, shape.types)):
            chain = _chain(ours, theirs, [*stated, *derived][:_MAX_EQUATIONS])
            if chain is None:
                break
            rewrites += chain
        else:
            if 0 < len(rewrites) <= _MAX_STEPS:
                yield f"rw [{', '.join(dict.fromkeys(rewrites))}]", -0.4


def _differences(ours: Term, theirs: Term) -> Iterator[tuple[Term, Term]]:
    """The smallest parts by which two terms differ, outermost first; each pair once."""
    found: dict[tuple[Term, Term], None] = {}
    waiting = [(ours, theirs)]
    while waiting:
        first, second = waiting.pop(0)
        if first.alpha_key == second.alpha_key:
            continue
        is_alike = first.shape is second.shape and first.text == second.text and len(first.args) == len(second.args) > 0
        if is_alike and first.shape is not Shape.BINDER:
            waiting += zip(first.args, second.args, strict=True)
        else:
            found[first, second] = None
    yield from found


def _chain(start: Term, end: Term, equations: Sequence[Fact]) -> list[str] | None:
    """The rewrites that turn one term into another, the fewest; None if there are none."""
    reached: dict[str, list[str]] = {start.alpha_key: []}
    frontier = [start.alpha_key]
    while frontier:
        current = frontier.pop(0)
        for fact in equations:
            left, right = (side.alpha_key for side in fact.statement.args)
            for source, goal, arrow in ((left, right, ""), (right, left, "← ")):
                if source == current and goal not in reached:
                    reached[goal] = [*reached[current], f"{arrow}{fact.proof}"]
                    frontier.append(goal)
    return reached.get(end.alpha_key)
