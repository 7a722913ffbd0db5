"""Tactics that use the hypotheses: apply them, rewrite with them, take equations apart.

It goes by the text of the statements: an `apply` is offered where the conclusion fits the target, an `rw` where a
side fits a part of it. Whole proofs from hypotheses are in `proof_terms`, simplification in `simplification`.
"""

from collections.abc import Iterator, Sequence
from itertools import islice, product

from lean_sidekick.core.candidates import Candidate, Source, deduplicate
from lean_sidekick.core.terms import Shape, Term, match, replace
from lean_sidekick.tactics.api import TacticRequest
from lean_sidekick.tactics.dialect import MOD_CAST, SIMPA, Dialect
from lean_sidekick.tactics.goal_shape import FALSE, GoalShape, Local, Nature, is_numeral, negation, read_goal
from lean_sidekick.tactics.names import Names
from lean_sidekick.tactics.normal import normal
from lean_sidekick.tactics.rewriting import Equation, equation_of, is_settled, rewrite
from lean_sidekick.tactics.sequents import open_statement

_CONSTRUCTORS = frozenset({"Nat.succ", "some", "Sum.inl", "Sum.inr", "List.cons", "Option.some", "Int.ofNat"})


_MAX_VARIABLES = 3
_MAX_INSTANCES = 3


class Hypotheses:
    """What the hypotheses give, as a generator."""

    async def generate(self, request: TacticRequest) -> Sequence[Candidate]:
        """Uses of the hypotheses, likeliest first."""
        return hypothesis_candidates(read_goal(request.goal), Dialect(request.known_tactics))


def hypothesis_candidates(shape: GoalShape, dialect: Dialect) -> list[Candidate]:
    """Uses of the hypotheses, likeliest first."""
    found = [*_applications(shape), *_equations(shape), *_casts(shape, dialect)]
    candidates = [Candidate(text=text, source=Source.HYPOTHESIS, score=score) for text, score in found]
    return sorted(deduplicate(candidates), key=lambda candidate: -candidate.score)


def _applications(shape: GoalShape) -> Iterator[tuple[str, float]]:
    types = shape.types
    goal = normal(shape.target, types)
    for index, local in enumerate(reversed(shape.proofs)):
        late = 0.05 * min(index, 8)
        arguments, conclusion = open_statement(normal(local.type, types))
        if not arguments:
            if conclusion.text and conclusion.head == goal.head and conclusion.shape is goal.shape:
                yield f"exact {local.name}", -2.6 - late
            continue
        premises = sum(1 for argument in arguments if argument.is_premise)
        variables = frozenset(argument.name for argument in arguments if argument.name)
        values = match(conclusion, goal, variables, {})
        if values is not None:
            open_variables = len(variables - values.keys())
            score = -1.3 if goal == FALSE else -0.9
            if conclusion.is_operator("=") and all(side.text in variables for side in conclusion.args):
                score -= 0.7  # it fits every equation
            yield f"apply {local.name}", score - 0.3 * max(0, premises - 1) - 1.2 * min(open_variables, 2) - late
        elif conclusion == FALSE and goal != FALSE and premises == 1:
            yield f"refine absurd ?_ {local.name}", -3.2 - late
        elif conclusion.head == goal.head and conclusion.shape is goal.shape and conclusion != FALSE:
            yield f"apply {local.name}", -2.8 - late
        if values is None and not premises and conclusion.head == goal.head and conclusion.text:
            yield from _instance_proofs(local, shape, late)
        yield from _instances(local, shape, -3.3 - late)


def _instance_proofs(local: Local, shape: GoalShape, late: float) -> Iterator[tuple[str, float]]:
    """`exact ih m` where the text of the target does not fit, but what it computes to may."""
    variables = []
    statement = local.type
    while statement.is_binder("∀"):
        variables.append((statement.variable, statement.variable_type))
        statement = statement.body
    choices = [_elements(name, kind, shape) for name, kind in variables if kind is not None]
    if len(choices) == len(variables) and 0 < len(variables) <= _MAX_VARIABLES:
        score = -1.5 if local.name.startswith("ih") else -2.6
        for index, values in enumerate(islice(product(*choices), _MAX_INSTANCES)):
            yield " ".join([f"exact {local.name}", *values]), score - 0.3 * index - late


def _elements(name: str, kind: Term, shape: GoalShape) -> list[str]:
    """The data of a type, what has the wanted name first."""
    found = [one.name for one in reversed(shape.data) if one.type.alpha_key == kind.alpha_key]
    return sorted(found, key=lambda other: other != name)


def _instances(local: Local, shape: GoalShape, score: float) -> Iterator[tuple[str, float]]:
    """`have h1 := h x` for what is in scope; the conclusion must not be there already."""
    if not local.type.is_binder("∀") or local.type.variable_type is None:
        return
    wanted = local.type.variable_type.alpha_key
    for other in [one for one in reversed(shape.data) if one.type.alpha_key == wanted][:2]:
        yield f"have {Names(shape.taken).fresh('h1')} := {local.name} {other.name}", score


def _equations(shape: GoalShape) -> Iterator[tuple[str, float]]:
    for index, local in enumerate(reversed(shape.proofs)):
        late = 0.05 * min(index, 8)
        if local.type.is_operator("="):
            yield from _substitution(local, shape, late)
            yield from _injection(local, shape, late)
        equation = equation_of(local.type)
        if equation is None:
            continue
        yield from _rewrites(local, equation, shape, late)
        yield from _transports(local, equation, shape, late)
        if shape.target.is_operator("=") and local.type.is_operator("="):
            yield f"exact congrArg _ {local.name}", -2.3 - late


def _rewrites(local: Local, equation: Equation, shape: GoalShape, late: float) -> Iterator[tuple[str, float]]:
    is_induction_hypothesis = local.name.startswith("ih")
    for arrow, used, score in (("", equation, -1.3), ("← ", equation.flipped(), -2.1)):
        done = rewrite(used, shape.target)
        if done is not None and done.result != shape.target:
            if is_settled(done.result):
                score = -0.3
            elif is_induction_hypothesis:
                score += 0.3
            elif is_numeral(used.left):
                score -= 2.0
            score -= 0.3 * len(done.premises)
            yield f"rw [{arrow}{local.name}]", score - late
        for other in shape.proofs:
            if other.name == local.name:
                continue
            changed = rewrite(used, other.type)
            if changed is None or changed.result == other.type or is_numeral(used.left):
                continue
            fits = normal(changed.result, shape.types).alpha_key == normal(shape.target, shape.types).alpha_key
            yield f"rw [{arrow}{local.name}] at {other.name}", (-0.9 if fits else score - 1.2) - late


def _transports(local: Local, equation: Equation, shape: GoalShape, late: float) -> Iterator[tuple[str, float]]:
    """`h ▸ h'` where replacing one side by the other in another hypothesis gives the target."""
    if equation.variables or equation.premises:
        return
    for other in shape.proofs:
        if other.name != local.name:
            for old, new in ((equation.left, equation.right), (equation.right, equation.left)):
                if old == other.type or replace(other.type, old, new) == other.type:
                    continue
                if replace(other.type, old, new).alpha_key == replace(shape.target, old, new).alpha_key:
                    yield f"exact {local.name} ▸ {other.name}", -0.8 - late
                    break


def _substitution(local: Local, shape: GoalShape, late: float) -> Iterator[tuple[str, float]]:
    """`subst h` for `x = t` with a variable `x` that is not in `t`."""
    variables = {one.name for one in shape.locals if one.nature in (Nature.DATA, Nature.FUNCTION, Nature.SORT)}
    for side, other in (local.type.args, local.type.args[::-1]):
        if side.shape is Shape.ATOM and side.text in variables and side.text not in other.names:
            yield f"subst {local.name}", -0.6 - late
            return


def _injection(local: Local, shape: GoalShape, late: float) -> Iterator[tuple[str, float]]:
    """What equal or different constructors say; `cases` also substitutes."""
    left, right = local.type.args
    fields = _constructor_fields(left), _constructor_fields(right)
    if fields[0] is None or fields[1] is None:
        if _may_compute(left, right) or _may_compute(right, left):
            yield f"exact Nat.noConfusion {local.name}", -2.2 - late
        return
    if fields[0][0] != fields[1][0]:
        yield f"cases {local.name}", -0.7 - late
        return
    count = len(fields[0][1])
    if not count:
        return
    names = Names(shape.taken)
    listed = " ".join(names.fresh("h1") for _ in range(count))
    yield f"injection {local.name} with {listed}", -0.9 - late
    yield f"cases {local.name}", -1.5 - late


def _may_compute(computed: Term, other: Term) -> bool:
    """Whether an operation on successors stands against zero: Lean sees that they differ where it computes."""
    return (
        other.text in ("0", "Nat.zero")
        and computed.is_operator("+", "*", "^")
        and any(part.head == "Nat.succ" or is_numeral(part) for part in computed.args)
    )


def _constructor_fields(term: Term) -> tuple[str, tuple[Term, ...]] | None:
    """The constructor at the front of a term with its fields."""
    if term.is_operator("::"):
        return "cons", term.args
    if term.text == "[]":
        return "nil", ()
    if term.is_operator("+") and term.args[1].text == "1":
        return "succ", term.args[:1]
    if term.text in ("0", "Nat.zero"):
        return "zero", ()
    if is_numeral(term):
        return "succ", ()
    if term.text in ("none", "true", "false"):
        return term.text, ()
    if term.head in _CONSTRUCTORS and term.arguments:
        return term.head.rpartition(".")[2], term.arguments
    if term.shape is Shape.OPAQUE and term.text.startswith("(") and "," in term.text:
        return "mk", (term, term)
    return None


def _casts(shape: GoalShape, dialect: Dialect) -> Iterator[tuple[str, float]]:
    """`exact mod_cast h` and `simpa using h`, where the head of a hypothesis is that of the target."""
    target = shape.target
    for index, local in enumerate(reversed(shape.proofs)):
        denied, wanted = negation(local.type), negation(target)
        first, second = denied or local.type, wanted or target
        if first.head != second.head or first.shape is not second.shape or local.type.alpha_key == target.alpha_key:
            continue
        late = 0.1 * min(index, 5)
        if dialect.has(MOD_CAST) and "↑" in shape.goal.text:
            yield f"exact mod_cast {local.name}", -1.7 - late
        if dialect.has(SIMPA):
            yield f"simpa using {local.name}", -2.0 - late
