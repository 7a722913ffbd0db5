"""Values for `∃`: what the body asks for, what is in the context, parts of the goal, small values of the type."""

from collections.abc import Iterator

from lean_sidekick.tactics.dialect import USE, Dialect
from lean_sidekick.tactics.goal_shape import GoalShape, Nature, conjuncts, instantiate, plain_type, symbols_of, type_of
from lean_sidekick.tactics.terms import Shape, Term, application, atom, match, operator, subterms

_MAX_WITNESSES = 8


def witnesses(shape: GoalShape, dialect: Dialect) -> Iterator[tuple[str, float]]:
    """Values for `∃`: what the body's equations ask for, what is in the context, parts of the goal, small numbers."""
    variables, body = [], shape.target
    while body.is_binder("∃"):
        variables.append((body.variable, body.variable_type))
        body = body.body
    for local in shape.proofs:
        for part in conjuncts(instantiate(shape.target, atom("_"))):
            if part.text and part.head == local.type.head and part.text not in ("=", "→"):
                yield f"exact ⟨_, {local.name}⟩", -2.2
                break
    if all(part.is_operator("=") for part in conjuncts(body)):
        blanks = ", ".join(["_"] * len(variables))
        yield f"exact ⟨{blanks}, {', '.join(['rfl'] * len(conjuncts(body)))}⟩", -1.4
    for index, witness in enumerate(_witness_terms(shape)):
        score = -1.2 - 0.35 * index
        value = witness.rendered
        yield f"refine ⟨{value}, ?_⟩", score
        if dialect.has(USE):
            yield f"use {value}", score - 0.3


def _witness_terms(shape: GoalShape) -> list[Term]:
    target, types = shape.target, shape.types
    variable, kind = target.variable, target.variable_type
    wanted = kind.alpha_key if kind is not None else None
    found: list[Term] = []
    for part in conjuncts(target.body):
        if part.is_operator("="):
            for side, other in (part.args, part.args[::-1]):
                values = match(side, other, frozenset({variable}), {})
                if values and variable in values and variable not in other.names:
                    found.append(values[variable])
    found += [
        atom(local.name)
        for local in reversed(shape.locals)
        if local.nature in (Nature.DATA, Nature.FUNCTION) and (wanted is None or local.type.alpha_key == wanted)
    ]
    statements = [target.body, *(local.type for local in reversed(shape.proofs))]
    for statement in statements:
        for part in subterms(statement):
            if part.shape is Shape.ATOM or variable in part.names:
                continue
            of = type_of(part, types)
            if of is not None and wanted is not None and of.alpha_key == wanted:
                found.append(part)
    for local in shape.locals:
        # A function applied to what is there.
        if local.nature is Nature.FUNCTION and local.type.is_operator("→"):
            domain, codomain = local.type.args
            if wanted is not None and codomain.alpha_key == wanted:
                found += [
                    application(atom(local.name), [atom(other.name)])
                    for other in shape.data
                    if other.type.alpha_key == domain.alpha_key
                ]
    found += _combined(shape, wanted)
    plain = plain_type(kind) if kind is not None else ""
    if plain in ("Nat", "Int", "Real", "Rat"):
        found += [atom("0"), atom("1")]
    elif plain == "Bool":
        found += [atom("true"), atom("false")]
    elif plain == "List":
        found.append(Term(shape=Shape.OPAQUE, text="[]"))
    unique = dict.fromkeys(found)
    return list(unique)[:_MAX_WITNESSES]


def _combined(shape: GoalShape, wanted: str | None) -> list[Term]:
    """The two youngest elements joined by an operation of the body: sums of witnesses are witnesses of sums."""
    youngest = [one.name for one in shape.data if one.type.alpha_key == wanted][-2:]
    symbols = symbols_of(shape.target.body)
    if len(youngest) < 2:
        return []
    return [operator(symbol, *map(atom, youngest)) for symbol in ("+", "*") if symbol in symbols]
