"""Predicates that a file declares as inductive families: `inductive Even : Nat → Prop`.

Their constructors are lemmas for whatever proves with lemmas. A hypothesis `h : Even (n + 2)` is taken apart by
`cases`, with the alternatives alone that its indices leave possible, since Lean wants no others; by `induction` where
its indices are variables. Read from text, like `inductive_types`: what is not understood is left out. Pure.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache

from attrs import frozen

from lean_sidekick.core.candidates import Candidate, Source
from lean_sidekick.core.premises import Premise
from lean_sidekick.core.scanner import mask_non_code
from lean_sidekick.core.term_reader import read_binders
from lean_sidekick.core.terms import BinderKind, Shape, Term
from lean_sidekick.tactics.api import TacticRequest
from lean_sidekick.tactics.dialect import Dialect
from lean_sidekick.tactics.goal_shape import GoalShape, Local, Nature, is_numeral, read_goal, telescope
from lean_sidekick.tactics.indices import computed
from lean_sidekick.tactics.inductive_types import MAX_CONSTRUCTORS, written_inductives
from lean_sidekick.tactics.names import Names

_CONSTRUCTOR = re.compile(r"\|\s*(?P<name>[^\W\d][\w']*)(?P<type>(?:[^|]|\|(?=\|))*)")
_COMPUTES = -0.3
_PER_RULE = 0.4
_BRACKETS = str.maketrans({"(": "{", ")": "}", "[": "[", "]": "]"})


@frozen
class Rule:
    """A constructor of a family: its explicit arguments, which of them have an induction hypothesis, and its
    conclusion; `premise` is what it says for every value of the family's parameters."""

    name: str
    arguments: tuple[tuple[str, Term | None], ...]
    recursive: tuple[int, ...]
    conclusion: Term
    premise: Premise


@frozen
class Family:
    """An inductive predicate; the first `parameters` of its arguments are the same throughout."""

    name: str
    parameters: int
    rules: tuple[Rule, ...]


@lru_cache(maxsize=8)
def families(text: str) -> Mapping[str, Family]:
    """The inductive predicates that a text declares, by the last part of their names."""
    if "inductive" not in text:
        return {}
    found: dict[str, Family] = {}
    for written, head, body in written_inductives(mask_non_code(text)):
        last = written.rpartition(".")[2]
        found.pop(last, None)
        family = _family(written, head, body)
        if family is not None:
            found[last] = family
    return found


def rule_premises(text: str) -> tuple[Premise, ...]:
    """The constructors of a text's inductive predicates as premises."""
    return tuple(rule.premise for family in families(text).values() for rule in family.rules)


class Families:
    """Inversion of and induction on hypotheses about inductive predicates, as a generator."""

    async def generate(self, request: TacticRequest) -> Sequence[Candidate]:
        """Steps for the hypotheses, likeliest first."""
        declared = families(request.surroundings.text_above)
        if not declared:
            return []
        return family_candidates(read_goal(request.goal), Dialect(request.known_tactics), declared)


def family_candidates(shape: GoalShape, dialect: Dialect, declared: Mapping[str, Family]) -> list[Candidate]:
    """Steps for the hypotheses, likeliest first."""
    found = [*_by_rules(shape, dialect, declared)]
    for index, local in enumerate(reversed(shape.proofs)):
        found += _steps(local, shape, dialect, declared, index)
    candidates = [Candidate(text=text, source=Source.SHAPE, score=score) for text, score in found]
    return sorted(candidates, key=lambda candidate: -candidate.score)


def derived_variables(shape: GoalShape, declared: Mapping[str, Family]) -> frozenset[str]:
    """The variables that a hypothesis has as its indices and the target speaks of: induction goes by the hypothesis
    first, and by them alone later."""
    found: set[str] = set()
    for local in shape.proofs:
        family = declared.get(local.type.head.rpartition(".")[2])
        if family is None or not any(rule.recursive for rule in family.rules):
            continue
        indices = {index.text for index in local.type.arguments[family.parameters :]}
        if indices <= shape.target.names & shape.types.keys():
            found |= indices
    return frozenset(found)


def _by_rules(shape: GoalShape, dialect: Dialect, declared: Mapping[str, Family]) -> Iterator[tuple[str, float]]:
    """The constructors that can conclude the target, Lean computing what the text does not show."""
    family = declared.get(shape.target.head.rpartition(".")[2])
    if family is None:
        return
    target = shape.target
    better = computed(target, family.parameters, dialect)
    if better is not None:
        yield better.step(), _COMPUTES
        target = better.statement
    indices = target.arguments[family.parameters :]
    for rule in family.rules:
        if not _may_conclude(rule, indices, family.parameters):
            continue
        named = [name for name, _ in rule.arguments if name]
        if len(named) == len(rule.arguments):
            yield " ".join(["exact", rule.premise.full_name, *["_"] * len(named)]), -0.9
            continue
        unknown = sum(name not in rule.conclusion.names for name in named)
        premises = len(rule.arguments) - len(named)
        yield f"apply {rule.premise.full_name}", -1.1 - 0.2 * premises - 1.2 * min(unknown, 2)


def _family(name: str, head: str, body: str) -> Family | None:
    binders, separator, kind = _split_head(head)
    if not separator or not re.search(r"\bProp\b", kind):
        return None
    parameters = read_binders(f"{binders} : _") if binders.strip() else None
    count = 0 if parameters is None else sum(a.kind is BinderKind.EXPLICIT for a in telescope(parameters)[0])
    rules = []
    for match in _CONSTRUCTOR.finditer(body):
        rule = _rule(name, match["name"], binders, match["type"].strip())
        if rule is None:
            return None
        rules.append(rule)
    return Family(name, count, tuple(rules)) if 0 < len(rules) <= MAX_CONSTRUCTORS else None


def _split_head(head: str) -> tuple[str, str, str]:
    """What stands before and after the colon of `(r : α → α → Prop) : α → α → Prop where`."""
    depth = 0
    for place, mark in enumerate(head):
        depth += (mark in "([{") - (mark in ")]}")
        if mark == ":" and depth == 0:
            return head[:place], ":", head[place + 1 :]
    return head, "", ""


def _rule(family: str, name: str, binders: str, written: str) -> Rule | None:
    own, separator, type_ = _split_head(written)
    statement = read_binders(written) if separator else None
    if statement is None:
        return None
    arguments, conclusion = telescope(statement)
    if not _speaks_of(conclusion, family):
        return None
    explicit = tuple((a.name, a.type) for a in arguments if a.kind is BinderKind.EXPLICIT)
    recursive = tuple(i for i, (_, kind) in enumerate(explicit) if kind is not None and _speaks_of(kind, family))
    full = f"{binders.translate(_BRACKETS)} {own} : {type_}"
    premise = Premise(full_name=f"{family}.{name}", kind="constructor", statement=" ".join(full.split()))
    return Rule(name, explicit, recursive, conclusion, premise)


def _speaks_of(kind: Term, family: str) -> bool:
    return telescope(kind)[1].head.rpartition(".")[2] == family.rpartition(".")[2]


def _steps(
    local: Local, shape: GoalShape, dialect: Dialect, declared: Mapping[str, Family], index: int
) -> Iterator[tuple[str, float]]:
    family = declared.get(local.type.head.rpartition(".")[2])
    if family is None:
        return
    late = 0.1 * min(index, 5)
    better = computed(local.type, family.parameters, dialect)
    if better is not None:
        yield better.step(local.name), _COMPUTES - late
        return
    indices = local.type.arguments[family.parameters :]
    possible = [rule for rule in family.rules if _may_conclude(rule, indices, family.parameters)]
    is_inversion = any(one.shape is not Shape.ATOM or is_numeral(one) for one in indices)
    if not possible:
        yield f"cases {local.name}", -0.2
        return
    score = -0.9 if is_inversion or len(family.rules) == 1 else -2.2
    yield f"cases {local.name} with {_arms(possible, local, shape, with_hypothesis=False)}", score - late
    if is_inversion:
        yield f"cases {local.name}", -1.6 - late
    if not any(rule.recursive for rule in family.rules):
        return
    deep = 0.8 * sum(1 for proof in shape.proofs if proof.name.startswith("ih"))
    if is_inversion:
        yield _generalized(local, indices, shape), -2.0 - late - deep
        return
    arms = _arms(family.rules, local, shape, with_hypothesis=True)
    free = _said_of(indices, shape)
    generalizing = f" generalizing {' '.join(free)}" if free else ""
    is_about = all(index.text in shape.target.names | set(free) for index in indices)
    # Every rule is a goal to prove, and each is smaller than the whole.
    score = (-0.4 if is_about else -0.9) + _PER_RULE * (len(family.rules) - 2)
    yield f"induction {local.name}{generalizing} with {arms}", min(score, -0.1) - late - deep


def _generalized(local: Local, indices: Sequence[Term], shape: GoalShape) -> str:
    """The indices that are no variables named, with what they are: then induction on the hypothesis can follow."""
    names = Names(shape.taken)
    lines = [f"revert {local.name}"]
    for index in indices:
        if index.shape is not Shape.ATOM or is_numeral(index):
            name = names.fresh("k")
            lines.append(f"generalize {names.fresh('h' + name)} : {index.rendered} = {name}")
    return "\n".join([*lines, f"intro {local.name}"])


def _said_of(indices: Sequence[Term], shape: GoalShape) -> list[str]:
    """The variables in equations that say what an index is, which an induction hypothesis should be free in."""
    named = {index.text for index in indices}
    said: set[str] = set()
    for proof in shape.proofs:
        if proof.type.is_operator("=") and proof.type.args[1].text in named:
            said |= proof.type.args[0].names
    return [one.name for one in shape.data if one.name in said - named and one.nature is Nature.DATA]


def _may_conclude(rule: Rule, indices: Sequence[Term], parameters: int) -> bool:
    """Whether a rule's conclusion can have these indices, as far as constructors tell."""
    own = rule.conclusion.arguments[parameters:]
    return len(own) != len(indices) or all(_may_equal(a, b) for a, b in zip(own, indices, strict=True))


def _may_equal(left: Term, right: Term) -> bool:
    first, second = _least(left), _least(right)
    if first is not None and second is not None:
        (low, is_exact), (other, is_other_exact) = first, second
        if is_exact and is_other_exact:
            return low == other
        return (low >= other or not is_exact) and (other >= low or not is_other_exact)
    shapes = {_list_shape(left), _list_shape(right)}
    return not {"[]", "::"} <= shapes


def _least(term: Term) -> tuple[int, bool] | None:
    """The least number that a term can be, and whether it is just that one; None for what is no such number."""
    if term.text == "Nat.zero":
        return 0, True
    if is_numeral(term):
        return int(term.text), True
    added = 0
    while True:
        if term.is_infix("+") and is_numeral(term.args[1]):
            added, term = added + int(term.args[1].text), term.args[0]
        elif term.head == "Nat.succ" and len(term.arguments) == 1:
            added, term = added + 1, term.arguments[0]
        else:
            break
    return (added, False) if added else None


def _list_shape(term: Term) -> str:
    if term.is_operator("::") or (term.shape is Shape.OPAQUE and term.text.startswith("[") and term.text != "[]"):
        return "::"
    return "[]" if term.text == "[]" else ""


def _arms(rules: Sequence[Rule], local: Local, shape: GoalShape, *, with_hypothesis: bool) -> str:
    arms = []
    for rule in rules:
        names = Names(shape.taken - {local.name})
        fields = [names.variable(name, kind) if name else names.proof(kind) for name, kind in rule.arguments]
        if with_hypothesis:
            one = len(rule.recursive) == 1
            fields += [names.fresh("ih" if one else f"ih{place + 1}") for place, _ in enumerate(rule.recursive)]
        arms.append(" ".join(["|", rule.name, *fields, "=> ?_"]))
    return " ".join(arms)
