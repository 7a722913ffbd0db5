"""Calls of `simp` and its kind with arguments: hypotheses, definitions that the goal speaks of, and lemma groups.

A group is a set of lemmas that go together, offered where its symbols stand in the goal. Groups that reorder
(`Nat.add_comm` and the like) may loop on early versions of Lean; `cost_of` in `merge` knows them by `REORDERING`.
"""

from collections.abc import Collection, Iterator, Sequence

from attrs import frozen

from lean_sidekick.core.candidates import Candidate, Source, deduplicate
from lean_sidekick.core.goals import INACCESSIBLE_MARK
from lean_sidekick.core.terms import Shape, Term, subterms
from lean_sidekick.tactics.api import TacticRequest
from lean_sidekick.tactics.dialect import SIMP_STAR, UNFOLD, Dialect
from lean_sidekick.tactics.goal_shape import GoalShape, plain_type, read_goal
from lean_sidekick.tactics.inductive_types import constructor_names
from lean_sidekick.tactics.rewriting import equation_of

# Lemmas that permute: simp with them terminates only if its order is right for them.
REORDERING = frozenset(
    {
        "Nat.add_comm",
        "Nat.add_left_comm",
        "Nat.mul_comm",
        "Nat.mul_left_comm",
        "add_comm",
        "add_left_comm",
        "mul_comm",
        "mul_left_comm",
    }
)
_MAX_HYPOTHESES = 6
_MAX_DEFINITIONS = 4
_MIN_SIZE = 3
_MAX_UNFOLDED = 3
_MAX_GROUPS = 4
_NOT_UNFOLDED = frozenset(
    {"Nat.succ", "Or.inl", "Or.inr", "List.cons", "Option.some", "some", "Sum.inl", "Sum.inr", "List.length"}
)
"""Constructors, which there is nothing to unfold in, and what `simp` computes by lemmas while its definition is of no
use."""
_RULES = frozenset({"List.cons_append", "List.length_cons"})
_BY_LEMMA = {"List.length": "List.length_cons", "List.filter": "List.filter_cons", "List.reverse": "List.reverse_cons"}
"""What is computed by a lemma, since its definition has an accumulator that a proof would have to know of."""
_CHOICES = frozenset({"Nat.min", "Nat.max", "min", "max"})
"""What is an `if` once it is unfolded."""
_COMPUTES, _COMPUTES_LITTLE = -0.5, -1.2


@frozen
class _Group:
    """Lemmas that go together, offered if all of `symbols` occur in the goal and it is on `carriers` (empty: any)."""

    symbols: frozenset[str]
    carriers: frozenset[str]
    lemmas: tuple[str, ...]
    score: float


def _group(symbols: str, carriers: str, lemmas: str, score: float) -> _Group:
    return _Group(frozenset(symbols.split()), frozenset(carriers.split()), tuple(lemmas.split()), score)


_GROUPS = (
    _group("+", "Nat", "Nat.add_comm Nat.add_left_comm Nat.add_assoc", -1.4),
    _group("*", "Nat", "Nat.mul_comm Nat.mul_left_comm Nat.mul_assoc", -1.6),
    _group("* +", "Nat", "Nat.left_distrib Nat.right_distrib Nat.mul_assoc Nat.add_assoc", -2.2),
    _group("Nat.succ +", "Nat", "Nat.succ_add Nat.add_succ", -1.5),
    _group("Nat.succ *", "Nat", "Nat.succ_mul Nat.mul_succ Nat.add_succ Nat.succ_add", -1.8),
    _group(
        "+ *", "Nat", "Nat.mul_comm Nat.mul_left_comm Nat.mul_assoc Nat.add_comm Nat.add_left_comm Nat.add_assoc", -2.0
    ),
    _group(
        "+ *",
        "Nat",
        "Nat.left_distrib Nat.right_distrib Nat.mul_comm Nat.mul_left_comm Nat.mul_assoc Nat.add_comm "
        "Nat.add_left_comm Nat.add_assoc",
        -2.4,
    ),
    _group("^", "Nat", "Nat.pow_succ Nat.powSucc Nat.pow_zero Nat.powZero", -1.8),
    _group("- Nat.succ +", "Nat", "Nat.succ_add Nat.add_succ Nat.succ_sub_succ_eq_sub Nat.sub_self", -1.6),
    _group("- Nat.succ", "Nat", "Nat.succ_sub_succ_eq_sub Nat.sub_self", -1.8),
    _group("-", "Nat", "Nat.sub_succ Nat.sub_self", -2.4),
    _group("++", "List", "List.append_assoc", -1.8),
    _group("+", "Int", "Int.add_comm Int.add_left_comm Int.add_assoc", -1.8),
    _group("*", "Int", "Int.mul_comm Int.mul_left_comm Int.mul_assoc", -2.0),
    _group("+", "Real Rat Complex", "add_comm add_left_comm add_assoc", -2.4),
    _group("*", "Real Rat Complex", "mul_comm mul_left_comm mul_assoc", -2.5),
    _group("- *", "Int Real Rat Complex", "sub_mul mul_sub", -3.2),
    _group("/", "Real Rat Complex", "div_eq_mul_inv", -3.4),
)


class Simplification:
    """Calls of `simp` with arguments as a generator."""

    async def generate(self, request: TacticRequest) -> Sequence[Candidate]:
        """Calls that suit the goal, likeliest first."""
        constructors = constructor_names(request.surroundings.text_above)
        return simp_candidates(read_goal(request.goal), Dialect(request.known_tactics), constructors)


def simp_candidates(shape: GoalShape, dialect: Dialect, constructors: Collection[str] = frozenset()) -> list[Candidate]:
    """Calls that suit the goal, likeliest first; there is nothing to unfold in the `constructors` of the open file."""
    found = [*_calls(shape, dialect, constructors)]
    candidates = [Candidate(text=text, source=Source.PORTFOLIO, score=score) for text, score in found]
    return sorted(deduplicate(candidates), key=lambda candidate: -candidate.score)


def group_names() -> tuple[str, ...]:
    """All lemma names that groups use."""
    return tuple(dict.fromkeys(name for group in _GROUPS for name in group.lemmas))


def _calls(shape: GoalShape, dialect: Dialect, constructors: Collection[str]) -> Iterator[tuple[str, float]]:
    usable = [local.name for local in shape.proofs if equation_of(local.type) is not None]
    inductive = [name for name in usable if name.startswith("ih")]
    equations = usable[-_MAX_HYPOTHESES:]
    definitions = [name for name in _definitions(shape) if name not in constructors][:_MAX_DEFINITIONS]
    if equations:
        yield f"simp [{', '.join(equations)}]", -1.3
    if len(equations) > 1 and inductive:
        yield f"simp [{', '.join(inductive)}]", -1.5
    if shape.proofs and dialect.has(SIMP_STAR):
        yield SIMP_STAR, -1.8
    # There is nothing to simplify in `a ≠ b` and the like.
    compound = [local for local in shape.proofs if sum(1 for _ in subterms(local.type)) > _MIN_SIZE]
    for index, local in enumerate(reversed(compound[-4:])):
        is_waiting = not local.name.startswith("ih") and any(
            part.is_operator("++") and part.args[0].is_operator("::") for part in subterms(local.type)
        )
        yield f"simp at {local.name}", (-0.7 if is_waiting else -2.7) - 0.15 * index
    if computed := _computed(shape, dialect, constructors):
        # Rules alone are what every `simp` has.
        score = _COMPUTES if any(name not in _RULES for name in computed) else _COMPUTES_LITTLE
        yield f"simp only [{', '.join(computed)}]", score
    # All at once, and one by one: unfolding what simp has lemmas for does harm.
    for index, unfolded in enumerate([definitions, *([name] for name in definitions if len(definitions) > 1)]):
        if not unfolded:
            continue
        listed, late = ", ".join(unfolded), 0.1 * index
        yield f"simp [{listed}]", -1.7 - late
        if equations:
            yield f"simp [{', '.join([*unfolded, *equations])}]", -1.4 - late
        if shape.proofs:
            yield f"simp_all [{listed}]", -2.0 - late
    if dialect.has(UNFOLD):
        yield from ((f"unfold {name}", -3.2) for name in definitions[:2])
    yield from _lemma_calls(shape, dialect, inductive or equations)
    if definitions and inductive:
        yield from _unfolding_calls(shape, dialect, [*definitions[:_MAX_UNFOLDED], *inductive])


def _computed(shape: GoalShape, dialect: Dialect, constructors: Collection[str]) -> list[str]:
    """What computes functions that wait for a constructor and have one: `count p (a :: l)`, `a :: l ++ m`."""
    found: dict[str, None] = {}
    for part in subterms(shape.target):
        if part.is_operator("++") and part.args[0].is_operator("::"):
            found["List.cons_append"] = None
        elif part.shape is Shape.APPLICATION and any(is_made(arg, constructors) for arg in part.arguments):
            head = part.head
            if head in _BY_LEMMA:
                found[_BY_LEMMA[head]] = None
            elif _may_unfold(head, shape) and head not in constructors:
                found[head] = None
        elif part.shape is Shape.APPLICATION and part.head in _CHOICES and not dialect.has("omega"):
            found[part.head] = None
    lemmas = _RULES.union(_BY_LEMMA.values())
    known = {local.name for local in shape.proofs}
    # Under its short name it may be a fact that was established before.
    short = {name: name.rpartition(".")[2] for name in lemmas if name.rpartition(".")[2] in known}
    names = [short.get(name, name) for name in found if name in short or name not in lemmas or dialect.has_name(name)]
    return names[:_MAX_DEFINITIONS]


def is_made(term: Term, constructors: Collection[str]) -> bool:
    """Whether a term begins with a constructor that has fields: of the core library or of the open file."""
    if term.is_operator("::") or (term.is_operator("+") and term.args[1].text == "1"):
        return True
    return bool(term.arguments) and (term.head == "Nat.succ" or term.head in constructors)


def _lemma_calls(shape: GoalShape, dialect: Dialect, equations: Sequence[str]) -> Iterator[tuple[str, float]]:
    symbols = shape.symbols
    for group in _GROUPS:
        if not group.symbols <= symbols or (group.carriers and shape.carrier and shape.carrier not in group.carriers):
            continue
        lemmas = [name for name in group.lemmas if dialect.has_name(name)]
        if not lemmas:
            continue
        listed = ", ".join(lemmas)
        yield f"simp [{listed}]", group.score
        if equations:
            yield f"simp [{', '.join([*equations, *lemmas])}]", group.score - 0.1
            yield f"simp_all [{listed}]", group.score - 1.0
        if not REORDERING & set(lemmas):
            yield f"simp only [{listed}]", group.score - 0.8


def _unfolding_calls(shape: GoalShape, dialect: Dialect, unfolded: Sequence[str]) -> Iterator[tuple[str, float]]:
    """Definitions and induction hypotheses together with a group: what a step of an induction over them comes to."""
    has_numbers = shape.carrier == "Nat" or any(plain_type(one.type) == "Nat" for one in shape.data)
    carriers = {shape.carrier, "List", *(("Nat",) if has_numbers else ())}
    symbols = shape.symbols | {"+"}  # which unfolding brings in more often than not
    fitting = [group for group in _GROUPS if group.symbols <= symbols and group.carriers & carriers]
    if has_numbers and dialect.has_name("Nat.add_assoc"):
        yield f"simp [{', '.join([*unfolded, 'Nat.add_assoc'])}]", -1.55
    for index, group in enumerate(fitting[:_MAX_GROUPS]):
        lemmas = [name for name in group.lemmas if dialect.has_name(name)]
        if lemmas:
            yield f"simp [{', '.join([*unfolded, *lemmas])}]", -1.6 - 0.1 * index


def _definitions(shape: GoalShape) -> list[str]:
    """Functions that the goal applies, for `simp` to unfold; no constructors of the core library, no types."""
    return sorted({name for name in _heads(shape.target) if _may_unfold(name, shape)})


def _may_unfold(name: str, shape: GoalShape) -> bool:
    """Whether a name can be that of a function with equations of its own."""
    if not name or name in shape.taken or name in _NOT_UNFOLDED or INACCESSIBLE_MARK in name:
        return False
    return "." in name or not name[0].isupper()


def _heads(term: Term) -> Iterator[str]:
    """The names at the front of applications, those below binders included."""
    if term.shape is Shape.APPLICATION and term.args[0].shape is Shape.ATOM:
        yield term.head
    for arg in term.args:
        yield from _heads(arg)
