"""Classical steps: cases on a proposition, and proof by contradiction.

The propositions are those that connectives in the hypotheses and the target join and that nothing decides yet.
`by_cases` and `by_contra` are used where they are known, `Classical.em` and `Classical.byContradiction` elsewhere.
"""

from collections.abc import Iterator

from lean_sidekick.core.terms import Shape, Term, opaque, operator, subterms
from lean_sidekick.tactics.dialect import BY_CASES, BY_CONTRA, EXFALSO, Dialect
from lean_sidekick.tactics.goal_shape import CONNECTIVES, FALSE, GoalShape, carrier, negation, telescope
from lean_sidekick.tactics.names import Names
from lean_sidekick.tactics.sequents import as_argument

_MAX_CASES = 5


def classical_steps(shape: GoalShape, dialect: Dialect) -> Iterator[tuple[str, float]]:
    """Steps with their scores, in no order."""
    yield from _refutation(shape, dialect)
    yield from _case_distinctions(shape, dialect)


def is_decided(statement: Term, shape: GoalShape) -> bool:
    """Whether a hypothesis says the statement or denies it."""
    return statement.alpha_key in _decided(shape)


def cases_on(statement: Term, shape: GoalShape, dialect: Dialect) -> str:
    """A case distinction on a statement, with a name for what holds in either case."""
    ordered = _by_order(statement, shape, dialect, Names(shape.taken))
    return ordered if ordered is not None else by_truth(statement, shape, dialect)


def by_truth(statement: Term, shape: GoalShape, dialect: Dialect) -> str:
    """A case distinction on whether a statement holds, so that `simp` knows it as it stands."""
    names = Names(shape.taken)
    yes = names.proof(statement)
    if dialect.known is not None and dialect.has(BY_CASES):
        return f"by_cases {yes} : {statement.rendered}"
    argument = statement.rendered if statement.shape is Shape.ATOM else f"({statement.rendered})"
    return f"cases Classical.em {argument} with | inl {yes} => ?_ | inr {names.fresh('hn' + yes[1:])} => ?_"


def _by_order(statement: Term, shape: GoalShape, dialect: Dialect, names: Names) -> str | None:
    """Either `a < b` or `b ≤ a`, said of numbers without a negation; None where `omega` knows what one says."""
    name = next((one for one in ("Nat.ltOrGe", "Nat.lt_or_ge") if dialect.has_name(one)), None)
    if name is None or dialect.has("omega") or not statement.is_operator("<", "≤", ">", "≥"):
        return None
    if carrier(statement, shape.types) != "Nat":
        return None
    small, large = statement.args if statement.text in ("<", "≤") else statement.args[::-1]
    if statement.text in ("≤", "≥"):
        small, large = large, small
    arguments = " ".join(as_argument(side.rendered) for side in (small, large))
    return f"cases {name} {arguments} with | inl {names.fresh('h')} => ?_ | inr {names.fresh('h')} => ?_"


def _decided(shape: GoalShape) -> frozenset[str]:
    statements = [local.type for local in shape.proofs]
    denied = [part for statement in statements if (part := negation(statement)) is not None]
    return frozenset(statement.alpha_key for statement in [*statements, *denied])


def _refutation(shape: GoalShape, dialect: Dialect) -> Iterator[tuple[str, float]]:
    """Towards `False`: from contradictory hypotheses, or classically from the negated target."""
    target = shape.target
    if target == FALSE or telescope(target)[0]:
        return
    denials = sum(1 for local in shape.proofs if telescope(local.type)[1] == FALSE)
    if denials:
        score = -2.6 + 0.2 * min(denials, 3)
        if dialect.has(EXFALSO):
            yield "exfalso", score
        if dialect.may_lack(EXFALSO):
            yield "apply False.elim", score - 0.01
    if is_decided(target, shape) or (target.is_operator("=") and not denials):
        return
    name = Names(shape.taken).proof(operator("¬", target))
    score = -3.0 if denials or target.is_operator("∨") or target.is_binder("∃") else -4.0
    if dialect.known is not None and dialect.has(BY_CONTRA):
        yield f"by_contra {name}", score
    else:
        yield f"refine Classical.byContradiction (fun {name} => ?_)", score


def _case_distinctions(shape: GoalShape, dialect: Dialect) -> Iterator[tuple[str, float]]:
    """Cases on the propositions that nothing decides yet, those of the target first."""
    decided = _decided(shape)
    found: dict[str, Term] = {}
    for statement in [shape.target, *(local.type for local in shape.proofs)]:
        for part in _parts_below(statement):
            if part.alpha_key not in decided:
                found.setdefault(part.alpha_key, part)
    for index, part in enumerate(list(found.values())[:_MAX_CASES]):
        yield cases_on(part, shape, dialect), -2.7 - 0.25 * index


def _parts_below(statement: Term) -> Iterator[Term]:
    """The propositions that connectives join, and the conditions of `if`; no connectives, nothing below binders."""
    if statement.is_operator(*CONNECTIVES):
        for arg in statement.args:
            if arg.is_operator(*CONNECTIVES):
                yield from _parts_below(arg)
            elif arg.shape is not Shape.BINDER and arg != FALSE:
                yield arg
    for part in subterms(statement):
        if part.shape is Shape.OPAQUE and part.text.startswith("if "):
            condition = part.text[3:].partition(" then ")[0]
            if " : " not in condition:
                yield opaque(condition)
