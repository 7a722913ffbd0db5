"""Cases and induction on data: numbers, lists, options, booleans, pairs.

Constructors and their fields are known by name for types of the core library and for those that the open file declares.
Every alternative names what it introduces: what is of the type itself keeps the old name, an induction hypothesis is
called `ih`.
"""

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType

from lean_sidekick.core.terms import Shape, Term, subterms
from lean_sidekick.tactics.goal_shape import GoalShape, Local, Nature, is_numeral, negation, plain_type
from lean_sidekick.tactics.inductive_types import Constructor
from lean_sidekick.tactics.names import Names
from lean_sidekick.tactics.normal import normal

_MAX_SPLIT_DATA = 4
_MAX_BOUND = 6
_IDLE = 0.8
_UNSPOKEN = -2.0


_DATA: Mapping[str, tuple[Constructor, ...]] = {
    "Nat": (Constructor("zero"), Constructor("succ", ("n",), (0,))),
    "List": (Constructor("nil"), Constructor("cons", ("a", "l"), (1,))),
    "Bool": (Constructor("false"), Constructor("true")),
    "Option": (Constructor("none"), Constructor("some", ("a",))),
    "Prod": (Constructor("mk", ("a", "b")),),
    "Sum": (Constructor("inl", ("a",)), Constructor("inr", ("b",))),
    "Fin": (Constructor("mk", ("n", "h")),),
    "Int": (Constructor("ofNat", ("n",)), Constructor("negSucc", ("n",))),
    "Subtype": (Constructor("mk", ("x", "h")),),
    "Unit": (Constructor("unit"),),
    "String": (Constructor("mk", ("data",)),),
}
_FINITE = frozenset({"Bool", "Option", "Prod", "Sum", "Unit"})


def data_steps(
    shape: GoalShape,
    declared: Mapping[str, tuple[Constructor, ...]],
    matched: Mapping[str, frozenset[int]] = MappingProxyType({}),
) -> Iterator[tuple[str, float]]:
    """Steps with their scores, in no order; `declared` are the types of the open file, `matched` the arguments that its
    functions recurse on."""
    types = {local.name: _constructors(local, declared) for local in shape.data}
    occurring = [local for local in shape.data if local.name in shape.target.names and types[local.name]]
    yield from _all_at_once([local for local in occurring if _is_finite(local, types[local.name])])
    for index, local in enumerate(occurring):
        kind = plain_type(local.type)
        constructors = types[local.name]
        late = 0.15 * min(index, 5)
        arms = _arms(constructors, local, shape, with_hypothesis=False)
        if any(constructor.recursive for constructor in constructors):
            score = -2.2 - late - _depth_penalty(shape)
            if _is_not_least(local, shape) or _is_bounded(local, shape):
                score = -0.6 - late
            elif _is_awaited(local, shape):
                score = (-0.7 if _has_general_hypothesis(local, shape) else -1.0) - late
            yield f"cases {local.name} with {arms}", score
            yield from _induction(local, constructors, shape, late - _argument_bonus(local, shape, matched))
        elif kind == "Bool":
            yield f"cases {local.name} with {arms}", -1.3 - late
        else:
            yield f"cases {local.name} with {arms}", (-1.2 if len(constructors) == 1 else -1.5) - late
    for local in shape.data:
        # Data that only hypotheses speak of: often a premise is impossible for one constructor.
        if local not in occurring and types[local.name]:
            spoken = sum(1 for proof in shape.proofs if local.name in proof.type.names)
            if spoken:
                arms = _arms(types[local.name], local, shape, with_hypothesis=False)
                is_short = _is_not_least(local, shape) or _is_bounded(local, shape)
                is_short = is_short or not any(one.fields for one in types[local.name])
                yield f"cases {local.name} with {arms}", -1.6 if is_short else -3.0
                if any(one.recursive for one in types[local.name]) and not _depth_penalty(shape):
                    arms = _arms(types[local.name], local, shape, with_hypothesis=True)
                    yield f"induction {local.name} with {arms}", _UNSPOKEN


def _constructors(local: Local, declared: Mapping[str, tuple[Constructor, ...]]) -> tuple[Constructor, ...]:
    """The constructors of a hypothesis's type, () if they are not known."""
    kind = plain_type(local.type)
    return declared.get(kind.rpartition(".")[2], ()) or _DATA.get(kind, ())


def _is_finite(local: Local, constructors: Sequence[Constructor]) -> bool:
    """Whether splitting comes to an end after one step that leaves little to say."""
    return plain_type(local.type) in _FINITE or not any(constructor.fields for constructor in constructors)


def _all_at_once(finite: Sequence[Local]) -> Iterator[tuple[str, float]]:
    """All finite data split, every case closed by one tactic."""
    if not finite or len(finite) > _MAX_SPLIT_DATA:
        return
    splits = " <;> ".join(f"cases {local.name}" for local in finite)
    is_plain = all(plain_type(local.type) == "Bool" for local in finite)
    yield f"{splits} <;> rfl", -0.7 if is_plain else -1.2
    yield f"{splits} <;> simp", -1.3 if is_plain else -1.4
    yield f"{splits} <;> simp_all", -1.9


def _is_not_least(local: Local, shape: GoalShape) -> bool:
    """Whether a hypothesis rules out `0` or `[]`, so that one of the cases ends at once."""
    for proof in shape.proofs:
        statement = normal(proof.type, shape.types)
        least = statement.args[0] if statement.is_operator("<") else None
        denied = negation(statement)
        if least is not None and least.text == "0" and statement.args[1].text == local.name:
            return True
        if denied is not None and denied.is_operator("="):
            sides = {side.text for side in denied.args}
            if local.name in sides and sides & {"0", "[]"}:
                return True
    return False


def _is_bounded(local: Local, shape: GoalShape) -> bool:
    """Whether a hypothesis leaves few numbers, or lists of few lengths: `x < 3`, `List.length l = 1`.

    Also once some cases are gone: `Nat.succ x < 3`, `List.length (a :: l) = 1`.
    """
    for proof in shape.proofs:
        if not proof.type.is_operator("<", "≤", "=") or not is_numeral(proof.type.args[1]):
            continue
        small, bound = proof.type.args
        is_length = small.head == "List.length" and len(small.arguments) == 1
        if proof.type.is_operator("=") and not is_length:
            continue
        small = small.arguments[0] if is_length else small
        while (small.head == "Nat.succ" and small.arguments) or small.is_operator("::"):
            small = small.args[1] if small.is_operator("::") else small.arguments[0]
        if small.text == local.name and int(bound.text) <= _MAX_BOUND:
            return True
    return False


def _is_awaited(local: Local, shape: GoalShape) -> bool:
    """Whether a function has a constructor in one argument and waits for this one: `take (n + 1) xs`."""
    for part in subterms(shape.target):
        if part.shape is Shape.APPLICATION and part.head not in shape.taken | {"Nat.succ"}:
            if any(arg.text == local.name for arg in part.arguments) and any(map(_is_constructor, part.arguments)):
                return True
        elif part.is_infix("-", "≤", "<"):
            for waiting, other in (part.args, part.args[::-1]):
                if waiting.text == local.name and _is_constructor(other):
                    return True
    return any(_computes_on(local, proof.type) for proof in shape.proofs if not proof.name.startswith("ih"))


def _has_general_hypothesis(local: Local, shape: GoalShape) -> bool:
    """Whether an induction hypothesis holds for anything in the place of this one, so that a split loses nothing."""
    return any(
        proof.name.startswith("ih") and proof.type.is_binder("∀") and proof.type.variable_type == local.type
        for proof in shape.proofs
    )


def _computes_on(local: Local, statement: Term) -> bool:
    """Whether a hypothesis compares what is computed from this one with a number: `Nat.succ a * b = 0`."""
    if not statement.is_infix("=", "≤", "<"):
        return False
    for side, other in (statement.args, statement.args[::-1]):
        is_computed = side.is_infix("+", "*", "^") and side.args[1].text == local.name and _is_constructor(side.args[0])
        if is_computed and (is_numeral(other) or other.text == "Nat.zero"):
            return True
    return False


def _is_constructor(term: Term) -> bool:
    return term.head == "Nat.succ" or term.is_operator("::") or (term.is_operator("+") and term.args[1].text == "1")


def _depth_penalty(shape: GoalShape) -> float:
    """The more a goal looks like one from an induction already, the less is another one worth."""
    return 0.5 * sum(1 for proof in shape.proofs if proof.name.startswith("ih"))


def _arms(constructors: Sequence[Constructor], local: Local, shape: GoalShape, *, with_hypothesis: bool) -> str:
    arms = []
    for constructor in constructors:
        names = Names(shape.taken - {local.name})
        fields = [names.fresh(_field_name(field, local, constructor)) for field in constructor.fields]
        if with_hypothesis:
            fields += [names.fresh(_hypothesis_name(constructor, part)) for part in constructor.recursive]
        arms.append("| " + " ".join([constructor.name, *fields]) + " => ?_")
    return " ".join(arms)


def _field_name(field: str, local: Local, constructor: Constructor) -> str:
    """The only part that is of the same type keeps the name of the whole; `x :: xs` for `xs`."""
    if [constructor.fields[part] for part in constructor.recursive] == [field]:
        return local.name
    if constructor.name == "cons" and len(local.name) == 2 and local.name.endswith("s"):
        return local.name[0]
    return field


def _hypothesis_name(constructor: Constructor, part: int) -> str:
    """`ih`, and of which part where there are several."""
    return "ih" if len(constructor.recursive) == 1 else f"ih{constructor.fields[part]}"


def _induction(
    local: Local, constructors: Sequence[Constructor], shape: GoalShape, late: float
) -> Iterator[tuple[str, float]]:
    arms = _arms(constructors, local, shape, with_hypothesis=True)
    score = -1.3 - late - 2 * _depth_penalty(shape)
    if _is_not_least(local, shape) or _is_bounded(local, shape):
        # Its induction hypothesis would have a premise of its own.
        score -= 0.8
    yield f"induction {local.name} with {arms}", score
    others = _generalized(local, shape)
    if others:
        listed = " ".join(others)
        yield f"induction {local.name} generalizing {listed} with {arms}", score - 0.4
    # It closes the goal or leaves what cannot be named, so as a step forward it is worth little.
    yield f"induction {local.name} <;> simp_all", min(score, -1.5) - 1.5


def _argument_bonus(local: Local, shape: GoalShape, matched: Mapping[str, frozenset[int]]) -> float:
    """Induction is best on what functions recurse on: the last argument of `+`, `*`, `^`, the list before `++`.

    It leads nowhere on what a function of the open file hands on as it is.
    """
    places, idle = 0, 0
    for part in subterms(shape.target):
        if part.is_infix("+", "*", "^", "-"):
            places += part.args[1].text == local.name
        elif part.is_operator("++", "::"):
            places += part.args[0].text == local.name
        elif part.shape is Shape.APPLICATION and part.head not in shape.taken:
            given = {place for place, arg in enumerate(part.arguments) if arg.text == local.name}
            recursive = matched.get(part.head.rpartition(".")[2])
            places += bool(given if recursive is None else given & recursive)
            idle += bool(given) and recursive is not None and not given & recursive
    return 0.2 * min(places, 3) - (_IDLE if idle and not places else 0.0)


def _generalized(local: Local, shape: GoalShape) -> list[str]:
    """Other data in the target that an induction hypothesis should be free in, nothing that `local` depends on."""
    return [
        other.name
        for other in shape.locals
        if other.nature is Nature.DATA
        and other.name != local.name
        and other.name in shape.target.names
        and other.name not in local.type.names
    ]
