"""Making a goal more general so that an induction on it goes through.

After the induction hypothesis has been used from right to left, what it spoke of often stands on both sides of the
target, and what is left holds for anything in its place: `(rev l ++ [a]).length = (rev l).length + 1` for any list. So
with an argument that is the same constant on both sides, where a function would have it change as it runs. Whether the
general statement holds is for Lean to say. Pure.
"""

from collections.abc import Iterator, Sequence

from lean_sidekick.core.candidates import Candidate, Source, deduplicate
from lean_sidekick.core.terms import Shape, Term, atom, operator, substitute, subterms
from lean_sidekick.tactics.api import TacticRequest
from lean_sidekick.tactics.goal_shape import GoalShape, Local, plain_type, read_goal, type_of
from lean_sidekick.tactics.inductive_types import constructor_names
from lean_sidekick.tactics.names import Names
from lean_sidekick.tactics.rewriting import equation_of, rewrite

_FROM_HYPOTHESIS, _CONSTANT, _TWO, _PLAIN = -0.7, -1.0, -1.0, -2.4
_MAX_PARTS = 2
_CONSTANTS = {"[]": "acc", "0": "n"}
_REVERSE = "List.reverse"


class Generalizations:
    """Generalizations as a generator."""

    async def generate(self, request: TacticRequest) -> Sequence[Candidate]:
        """Generalizations of the target, likeliest first."""
        return generalizations(read_goal(request.goal), constructor_names(request.surroundings.text_above))


def generalizations(shape: GoalShape, constructors: frozenset[str] = frozenset()) -> list[Candidate]:
    """Generalizations of the target, likeliest first; `constructors` are those of the open file."""
    found = [*_two_at_once(shape)]
    if shape.target.is_operator("=", "≤", "<"):
        found += [*_after_hypotheses(shape, constructors), *_constants(shape)]
    candidates = [Candidate(text=text, source=Source.SHAPE, score=score) for text, score in found]
    return deduplicate(candidates)


def _after_hypotheses(shape: GoalShape, constructors: frozenset[str]) -> Iterator[tuple[str, float]]:
    """The induction hypotheses used from right to left, then forgotten, and what both sides share replaced."""
    target = shape.target
    used: list[str] = []
    for local in shape.proofs:
        equation = equation_of(local.type) if local.name.startswith("ih") else None
        if equation is None or equation.variables or equation.premises:
            continue
        done = rewrite(equation.flipped(), target)
        if done is not None and done.result != target:
            target = done.result
            used.append(local.name)
    inductive = [one.name for one in shape.proofs if one.name.startswith("ih")]
    shared = _shared(target, shape, constructors)
    if not shared or (inductive and not used):
        return
    names = Names(shape.taken)
    lines = [f"rw [{', '.join(f'← {name}' for name in used)}]"] if used else []
    if inductive:
        lines.append(f"clear {' '.join(inductive)}")
    lines += [f"generalize {part.rendered} = {names.fresh(_name(part, shape))}" for part in shared]
    yield "\n".join(lines), _FROM_HYPOTHESIS if used else _PLAIN


def _shared(target: Term, shape: GoalShape, constructors: frozenset[str]) -> list[Term]:
    """The largest applications of functions to data that stand on both sides of a relation."""
    left, right = (frozenset(subterms(side)) for side in target.args)
    common = [
        part
        for part in left & right
        if part.shape is Shape.APPLICATION
        and part.head not in shape.taken | constructors | {"Nat.succ"}
        and not part.names.isdisjoint(one.name for one in shape.data)
    ]
    common.sort(key=lambda part: (-len(part.rendered), part.rendered))
    found: list[Term] = []
    for part in common:
        if all(part not in frozenset(subterms(other)) for other in found):
            found.append(part)
    return found[:_MAX_PARTS]


def _name(part: Term, shape: GoalShape) -> str:
    kind = type_of(part, shape.types)
    return "n" if kind is not None and plain_type(kind) == "Nat" else "xs"


def _constants(shape: GoalShape) -> Iterator[tuple[str, float]]:
    """An empty list or zero that both sides hand to a function, before an induction."""
    if any(one.name.startswith("ih") for one in shape.proofs):
        return
    for constant, name in _CONSTANTS.items():
        text = f"generalize {constant} = {Names(shape.taken).fresh(name)}"
        sides = [[_is_given(part, constant) for part in subterms(side)] for side in shape.target.args]
        if all(map(any, sides)):
            yield text, _CONSTANT
        elif any(map(any, sides)) and constant == "[]" and any(p.head == _REVERSE for p in subterms(shape.target)):
            # Which hands an empty list on itself.
            yield f"simp only [{_REVERSE}]\n{text}", _CONSTANT


def _two_at_once(shape: GoalShape) -> Iterator[tuple[str, float]]:
    """`p n ∧ p (n + 1)` for `p n`, where a hypothesis goes from one number to the next but one."""
    if any(one.name.startswith("ih") for one in shape.proofs) or shape.target.is_operator("∧"):
        return
    numbers = [one.name for one in shape.data if plain_type(one.type) == "Nat" and one.name in shape.target.names]
    if not any(map(_skips_one, shape.proofs)):
        return
    for name in numbers[:_MAX_PARTS]:
        after = substitute(shape.target, {name: operator("+", atom(name), atom("1"))})
        yield f"refine And.left (?_ : {operator('∧', shape.target, after).rendered})", _TWO


def _skips_one(local: Local) -> bool:
    """Whether a statement for all numbers speaks of `n + 2`."""
    return local.type.is_binder("∀") and any(
        part.is_operator("+") and part.args[1].text == "2" and part.args[0].text == local.type.variable
        for part in subterms(local.type.body)
    )


def _is_given(part: Term, constant: str) -> bool:
    return (
        part.shape is Shape.APPLICATION
        and len(part.arguments) > 1
        and any(argument.text == constant for argument in part.arguments)
    )
