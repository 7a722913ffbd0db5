"""Structural tactics from the shape of the target: introduce, split, choose, give a witness.

Every candidate is one tactic whose leftover goals have names that can be typed. Where a toolchain has no `left`,
`by_cases` or `rintro`, a form of the same step is offered that every Lean 4 has. Splitting hypotheses is in `case_splits`.
"""

from collections.abc import Iterable, Iterator, Sequence

from lean_sidekick.core.candidates import Candidate, Source, deduplicate
from lean_sidekick.tactics.api import TacticRequest
from lean_sidekick.tactics.dialect import BY_CASES, BY_CONTRA, CONGR, EXFALSO, EXT, FUNEXT, LEFT, RINTRO, USE, Dialect
from lean_sidekick.tactics.goal_shape import (
    FALSE,
    GoalShape,
    Nature,
    conjuncts,
    disjuncts,
    instantiate,
    is_numeral,
    negation,
    plain_type,
    read_goal,
    telescope,
    type_of,
)
from lean_sidekick.tactics.names import Names
from lean_sidekick.tactics.patterns import pattern
from lean_sidekick.tactics.terms import Shape, Term, application, atom, match, subterms

_MAX_WITNESSES = 8
_MAX_CASES = 5


class Shapes:
    """Structural tactics for the target as a generator."""

    async def generate(self, request: TacticRequest) -> Sequence[Candidate]:
        """Steps for the target, likeliest first."""
        return shape_candidates(read_goal(request.goal), Dialect(request.known_tactics))


def shape_candidates(shape: GoalShape, dialect: Dialect) -> list[Candidate]:
    """Steps for the target, likeliest first."""
    found = [Candidate(text=text, source=Source.SHAPE, score=score) for text, score in _candidates(shape, dialect)]
    return sorted(deduplicate(found), key=lambda candidate: -candidate.score)


def _candidates(shape: GoalShape, dialect: Dialect) -> Iterator[tuple[str, float]]:
    target = shape.target
    yield from _introductions(shape, dialect)
    if target.is_operator("∧", "↔"):
        yield from _both_sides(target)
    elif target.is_operator("∨"):
        yield from _either_side(shape, dialect)
    elif target.is_binder("∃"):
        yield from _witnesses(shape, dialect)
    elif target.is_operator("="):
        yield from _equation(shape, dialect)
    elif target.shape in (Shape.APPLICATION, Shape.ATOM) and target != FALSE and target.head not in shape.taken:
        yield "constructor", -3.0
    elif target.is_operator("×"):
        yield "constructor", -1.0
    yield from _refutation(shape, dialect)
    yield from _case_distinctions(shape, dialect)


def _introductions(shape: GoalShape, dialect: Dialect) -> Iterator[tuple[str, float]]:
    arguments, _ = telescope(shape.target)
    if not arguments:
        return
    names = Names(shape.taken)
    plain: list[str] = []
    for argument in arguments:
        if argument.is_premise:
            plain.append(names.proof(argument.type))
        else:
            plain.append(names.variable(argument.name, argument.type))
    count = len(plain)
    head = "intro " + " ".join(plain)
    yield head, -0.1 if not shape.target.is_operator("≠", "¬") else -0.4
    names = Names(shape.taken)
    opened: list[str] = []
    for argument in arguments:
        if argument.is_premise and argument.type is not None:
            opened.append(pattern(argument.type, names, with_cases=dialect.known is not None and dialect.has(RINTRO)))
        else:
            opened.append(names.variable(argument.name, argument.type))
    if opened != plain and any(not one.isidentifier() for one in opened):
        if dialect.has(RINTRO):
            yield "rintro " + " ".join(f"({one})" if "|" in one else one for one in opened), -0.25
        if "|" not in "".join(opened):
            yield "intro " + " ".join(opened), -0.3
    variables = next((i for i, argument in enumerate(arguments) if argument.is_premise), count)
    if 0 < variables < count:
        yield "intro " + " ".join(plain[:variables]), -1.6
    if count > 1 and variables != 1:
        yield f"intro {plain[0]}", -2.0


def _both_sides(target: Term) -> Iterator[tuple[str, float]]:
    yield "constructor", -0.3
    parts = conjuncts(target)
    if len(parts) > 2:
        yield f"refine ⟨{', '.join(['?_'] * len(parts))}⟩", -0.35
    else:
        yield "refine ⟨?_, ?_⟩", -1.5
    if target.is_operator("↔"):
        yield "apply propext", -9.0


def _either_side(shape: GoalShape, dialect: Dialect) -> Iterator[tuple[str, float]]:
    known = {local.type.alpha_key for local in shape.proofs}
    parts = disjuncts(shape.target)
    for index, (word, constructor) in enumerate((("left", "Or.inl"), ("right", "Or.inr"))):
        side = shape.target.args[index]
        score = -1.3
        if {part.alpha_key for part in disjuncts(side)} & known:
            score = -0.7
        elif side == FALSE:
            score = -4.0
        if dialect.has(LEFT):
            yield word, score
        if dialect.may_lack(LEFT):
            yield f"apply {constructor}", score - 0.01
    if len(parts) > 2:
        for index in range(1, len(parts)):
            inner = "?_" if index == len(parts) - 1 else "(Or.inl ?_)"
            path = "Or.inr (" * (index - 1) + "Or.inr " + inner + ")" * (index - 1)
            yield f"refine {path}", -2.5
    # `p ∨ q` from `¬p → q`, where a classical distinction is needed anyway.
    names = Names(shape.taken)
    left = parts[0]
    case = names.proof(left)
    other = Names(shape.taken).proof(None)
    if left.alpha_key not in known and not _denies_known(left, shape):
        yield _cases_on(left, case, other, shape, dialect), -2.4


def _denies_known(statement: Term, shape: GoalShape) -> bool:
    """Whether a hypothesis already decides a statement."""
    return any(
        (denied := negation(local.type)) is not None and denied.alpha_key == statement.alpha_key
        for local in shape.proofs
    )


def _cases_on(statement: Term, yes: str, no: str, shape: GoalShape, dialect: Dialect) -> str:
    if dialect.known is not None and dialect.has(BY_CASES):
        return f"by_cases {yes} : {statement.rendered}"
    argument = statement.rendered if statement.shape is Shape.ATOM else f"({statement.rendered})"
    negative = "hn" + yes[1:] if yes.startswith("h") and len(yes) > 1 else no
    negative = Names(shape.taken).fresh(negative)
    return f"cases Classical.em {argument} with | inl {yes} => ?_ | inr {negative} => ?_"


def _witnesses(shape: GoalShape, dialect: Dialect) -> Iterator[tuple[str, float]]:
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
    plain = plain_type(kind) if kind is not None else ""
    if plain in ("Nat", "Int", "Real", "Rat"):
        found += [atom("0"), atom("1")]
    elif plain == "Bool":
        found += [atom("true"), atom("false")]
    elif plain == "List":
        found.append(Term(shape=Shape.OPAQUE, text="[]"))
    unique = dict.fromkeys(found)
    return list(unique)[:_MAX_WITNESSES]


def _equation(shape: GoalShape, dialect: Dialect) -> Iterator[tuple[str, float]]:
    left, right = shape.target.args
    types = shape.types
    kind = type_of(left, types) or type_of(right, types)
    is_function = left.is_binder("fun") or right.is_binder("fun") or (kind is not None and kind.is_operator("→"))
    if is_function:
        lambda_ = left if left.is_binder("fun") else right
        wanted = lambda_.variable if lambda_.is_binder("fun") else "x"
        name = Names(shape.taken).variable(wanted, None)
        if dialect.has(FUNEXT):
            yield f"funext {name}", -0.4
        if dialect.may_lack(FUNEXT):
            yield f"refine funext (fun {name} => ?_)", -0.5
    if kind is not None and kind.text == "Prop":
        yield "apply propext", -0.9
    if kind is not None and plain_type(kind) in ("Set", "Finset", "function", "Prod", "Matrix", "Subtype"):
        name = Names(shape.taken).fresh("x")
        if dialect.has(EXT):
            yield f"ext {name}", -1.0
            yield "ext", -1.6
    if left.shape is Shape.APPLICATION and right.shape is Shape.APPLICATION and left.head == right.head:
        if dialect.has(CONGR):
            yield "congr", -2.6
        yield "apply congrArg", -2.4
        if len(left.args) > 2:
            yield "apply congr", -4.5
    elif left.shape is Shape.OPERATOR and right.shape is Shape.OPERATOR and left.text == right.text:
        yield from _same_operator(left, right)
    yield "apply Eq.symm", -4.0


def _same_operator(left: Term, right: Term) -> Iterator[tuple[str, float]]:
    """`f a = f b` where the two sides differ in one argument."""
    if len(left.args) != 2:
        return
    symbol = left.text
    same_first, same_last = left.args[0] == right.args[0], left.args[1] == right.args[1]
    for same, kept, before in ((same_first, left.args[0], True), (same_last, left.args[1], False)):
        if not same:
            continue
        name = Names(kept.names).fresh("x")
        value = kept.rendered if kept.shape is not Shape.OPERATOR else f"({kept.rendered})"
        function = f"{value} {symbol} {name}" if before else f"{name} {symbol} {value}"
        yield f"refine congrArg (fun {name} => {function}) ?_", -1.6


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
    if target.is_operator("=") and not denials:
        return
    name = Names(shape.taken).fresh(
        "hn" + target.text.lower() if target.shape is Shape.ATOM and len(target.text) == 1 else "hn"
    )
    score = -3.0 if denials or target.is_operator("∨") or target.is_binder("∃") else -4.0
    if any(
        (denied := negation(local.type)) is not None and denied.alpha_key == target.alpha_key for local in shape.proofs
    ):
        return
    if dialect.has(BY_CONTRA) and dialect.known is not None:
        yield f"by_contra {name}", score
    else:
        yield f"refine Classical.byContradiction (fun {name} => ?_)", score


def _case_distinctions(shape: GoalShape, dialect: Dialect) -> Iterator[tuple[str, float]]:
    """Classical cases on propositions that stand below connectives in the hypotheses or the target."""
    decided = {local.type.alpha_key for local in shape.proofs}
    for local in shape.proofs:
        denied = negation(local.type)
        if denied is not None:
            decided.add(denied.alpha_key)
    found: dict[str, Term] = {}
    for statement in [shape.target, *(local.type for local in shape.proofs)]:
        for part in _parts_below(statement):
            if part.alpha_key not in decided:
                found.setdefault(part.alpha_key, part)
    names = Names(shape.taken)
    for index, part in enumerate(list(found.values())[:_MAX_CASES]):
        yes = Names(shape.taken).proof(part)
        no = names.fresh("hn")
        yield _cases_on(part, yes, no, shape, dialect), -2.7 - 0.25 * index


def _parts_below(statement: Term) -> Iterable[Term]:
    """The propositions that connectives in a statement join, none with bound variables, no connective."""
    if statement.is_operator("→", "¬", "∨", "∧", "↔"):
        for arg in statement.args:
            if not arg.is_operator("→", "¬", "∨", "∧", "↔") and arg.shape is not Shape.BINDER:
                if arg not in (FALSE,) and not is_numeral(arg):
                    yield arg
            else:
                yield from _parts_below(arg)
    for part in subterms(statement):
        if part.shape is Shape.OPAQUE and part.text.startswith("if "):
            condition = part.text[3:].partition(" then ")[0]
            if " : " not in condition:
                yield Term(shape=Shape.OPAQUE, text=condition)
