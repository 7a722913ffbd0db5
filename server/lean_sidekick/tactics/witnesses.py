"""Values for `∃`: what the body asks for, what is in the context, parts of the goal, small values of the type.

A value is only a guess; the type is compared by its text, and where Lean printed no type everything fits.
"""

from collections.abc import Iterator, Mapping

from lean_sidekick.core.terms import Shape, Term, application, atom, match, operator, subterms
from lean_sidekick.tactics.dialect import EXISTS, USE, Dialect
from lean_sidekick.tactics.goal_shape import (
    GoalShape,
    Local,
    Nature,
    carrier,
    conjuncts,
    plain_type,
    symbols_of,
    type_of,
)
from lean_sidekick.tactics.inductive_types import Constructor
from lean_sidekick.tactics.polynomials import solution

_MAX_WITNESSES = 8
_SMALL_VALUES: Mapping[str, tuple[Term, ...]] = {
    **dict.fromkeys(("Nat", "Int", "Real", "Rat"), (atom("0"), atom("1"))),
    "Bool": (atom("true"), atom("false")),
    "List": (Term(shape=Shape.OPAQUE, text="[]"),),
}


def witnesses(
    shape: GoalShape, dialect: Dialect, declared: Mapping[str, tuple[Constructor, ...]]
) -> Iterator[tuple[str, float]]:
    """Steps for a target `∃ x, …`, with their scores; `declared` are the types of the open file."""
    count, body = 0, shape.target
    while body.is_binder("∃"):
        count, body = count + 1, body.body
    parts = conjuncts(body)
    if all(part.is_operator("=") for part in parts):
        yield f"exact ⟨{', '.join(['_'] * count + ['rfl'] * len(parts))}⟩", -1.4
    if count == 1:
        for local in shape.proofs:
            if parts[0].head == local.type.head and parts[0].text not in ("=", "→"):
                yield f"exact ⟨_, {local.name}⟩", -2.2
    constants = _constants(shape.target.variable_type, declared)
    if all(part.is_operator("=") for part in parts):
        # Where one is right, the equations compute.
        for index, constant in enumerate(constants):
            yield f"exact ⟨{', '.join([constant, *['_'] * (count - 1), *['rfl'] * len(parts)])}⟩", -1.0 - 0.05 * index
    else:
        for index, constant in enumerate(constants):
            yield f"refine ⟨{constant}, ?_⟩", -2.0 - 0.2 * index
    solved = frozenset(_solutions(shape))
    # What an existential hypothesis holds is a better witness than what is there now.
    waits = any(local.type.is_binder("∃") for local in shape.proofs)
    for index, witness in enumerate(_values(shape)):
        score = -0.6 if witness in solved else -1.8 - 0.2 * index - (0.8 if waits else 0.0)
        yield f"refine ⟨{witness.rendered}, ?_⟩", score
        if dialect.known is not None and dialect.has(EXISTS):
            yield f"exists {witness.rendered}", score - 0.35
        if dialect.has(USE):
            yield f"use {witness.rendered}", score - 0.3


def _constants(kind: Term | None, declared: Mapping[str, tuple[Constructor, ...]]) -> list[str]:
    """The constructors without fields of a type of the open file."""
    if kind is None:
        return []
    constructors = declared.get(kind.head.rpartition(".")[2], ())
    return [f"{kind.head}.{constructor.name}" for constructor in constructors if not constructor.fields]


def _values(shape: GoalShape) -> list[Term]:
    """Values for the first variable, likeliest first."""
    kind = shape.target.variable_type
    elements = [local for local in reversed(shape.data) if kind is None or local.type.alpha_key == kind.alpha_key]
    # What an equation already says in other terms is seldom asked for itself.
    free = [local for local in elements if not _is_defined(local, shape)]
    found = [
        *_solutions(shape),
        *(atom(local.name) for local in free),
        *_combinations(free, shape),
        *(atom(local.name) for local in elements),
        *_images(kind, shape),
        *_parts(kind, shape),
        *(_SMALL_VALUES.get(plain_type(kind), ()) if kind is not None else ()),
    ]
    return list(dict.fromkeys(found))[:_MAX_WITNESSES]


def _is_defined(local: Local, shape: GoalShape) -> bool:
    return any(
        proof.type.is_operator("=")
        and proof.type.args[0].text == local.name
        and not proof.type.args[1].text.isdecimal()
        for proof in shape.proofs
    )


def _solutions(shape: GoalShape) -> Iterator[Term]:
    """What the equations of the body are solved by: `n` for `n + 1 = x + 1`."""
    variable = shape.target.variable
    for part in conjuncts(shape.target.body):
        if not part.is_operator("="):
            continue
        for side, other in (part.args, part.args[::-1]):
            values = match(side, other, frozenset({variable}), {})
            if values and variable in values and variable not in other.names:
                yield values[variable]
        if carrier(part, shape.types) == "Nat":
            value = solution(part.args[0], part.args[1], variable, _definitions(shape))
            if value is not None:
                yield value


def _definitions(shape: GoalShape) -> Iterator[tuple[str, Term]]:
    """What equations of the context say of a variable: `n = 2 * k`."""
    defined: set[str] = set()
    for proof in shape.proofs:
        if not proof.type.is_operator("="):
            continue
        left, right = proof.type.args
        if left.shape is Shape.ATOM and left.text in shape.types and left.text not in defined | right.names:
            defined.add(left.text)
            yield left.text, right


def _combinations(elements: list[Local], shape: GoalShape) -> Iterator[Term]:
    """The two youngest elements joined by an operation of the body, since sums of witnesses are witnesses of sums, and
    the number after the youngest."""
    symbols = symbols_of(shape.target.body)
    if elements and plain_type(elements[0].type) == "Nat" and symbols & {"+", "Nat.succ"}:
        yield operator("+", atom(elements[0].name), atom("1"))
    if len(elements) > 1 and elements[0].type == elements[1].type:
        youngest = [atom(local.name) for local in reversed(elements[:2])]
        yield from (operator(symbol, *youngest) for symbol in ("+", "*") if symbol in symbols)


def _images(kind: Term | None, shape: GoalShape) -> Iterator[Term]:
    """Functions of the context applied to what is there."""
    for function in shape.data:
        if function.nature is not Nature.FUNCTION or not function.type.is_operator("→"):
            continue
        domain, codomain = function.type.args
        if kind is None or codomain.alpha_key == kind.alpha_key:
            for local in shape.data:
                if local.type.alpha_key == domain.alpha_key:
                    yield application(atom(function.name), [atom(local.name)])


def _parts(kind: Term | None, shape: GoalShape) -> Iterator[Term]:
    """Compound terms of the right type in the body and in the hypotheses."""
    types, variable = shape.types, shape.target.variable
    for statement in (shape.target.body, *(local.type for local in reversed(shape.proofs))):
        for part in subterms(statement):
            if part.shape is Shape.ATOM or variable in part.names:
                continue
            of = type_of(part, types)
            if of is not None and kind is not None and of.alpha_key == kind.alpha_key:
                yield part
