"""Proof terms for goals of pure logic, found by a small prover of our own.

It knows `→ ∧ ∨ ↔ ¬ ∀ ∃` and equations, and takes everything else as atoms. Search is a sequent calculus with
iterative deepening over the steps that may lose something; ∀ is instantiated by matching and with the variables in
scope. Intuitionistic proofs are looked for first, then classical ones. Lemmas handed in are used backwards only.
The terms use what every Lean 4 has. Whether they are right is for Lean to say. Work is bounded by a count of
steps, not by a clock, so that the answer is always the same.
"""

from collections.abc import Iterator, Mapping, Sequence

from attrs import define, evolve, field

from lean_sidekick.core.goals import INACCESSIBLE_MARK
from lean_sidekick.core.terms import BinderKind, Shape, Term, atom, match, operator, substitute, subterms
from lean_sidekick.tactics.goal_shape import FALSE, GoalShape, conjuncts, instantiate, is_numeral, is_statement, type_of
from lean_sidekick.tactics.names import Names
from lean_sidekick.tactics.normal import normal
from lean_sidekick.tactics.sequents import (
    Fact,
    Sequent,
    apply,
    by_contradiction,
    close,
    forward,
    function,
    implication,
    mentions,
    open_statement,
    project,
    without_brackets,
)

_STEP_LIMIT = 400
_MAX_DEPTH = 7
_MAX_DEPTH_WITH_LEMMAS = 3
_SIDE_DEPTH = 2
_MAX_INSTANCES = 8
_MAX_ELEMENTS = 16


class _OutOfSteps(Exception):
    """The limit of steps is reached; there is no answer."""


def prove(shape: GoalShape, lemmas: Sequence[Fact]) -> str | None:
    """The text of a term that proves the goal, or None if none was found.

    `lemmas` are statements that hold, with the names to call them by.
    """
    sequent, goal = _sequent(shape), normal(shape.target, shape.types)
    if goal.is_operator("="):
        # Equations are joined, but none of them is looked for: those that hypotheses give have to be there.
        for fact in [fact for fact in applications(shape) if fact.statement.is_operator("=")]:
            sequent = sequent.add(fact.statement, fact.proof)
    for is_classical in (False,) if lemmas else (False, True):
        prover = _Prover(is_classical=is_classical, lemmas=tuple(lemmas))
        try:
            for depth in range((_MAX_DEPTH_WITH_LEMMAS if lemmas else _MAX_DEPTH) + 1):
                prover.was_cut = False
                proof = prover.prove(evolve(sequent, depth=depth), goal)
                if proof is not None:
                    return None if INACCESSIBLE_MARK in proof else proof
                if not prover.was_cut:
                    break
        except _OutOfSteps:
            continue
    return None


def prove_under(shape: GoalShape, statement: Term, lemmas: Sequence[Fact]) -> str | None:
    """A short proof of another statement, in normal form, from the hypotheses of a goal; None if none was found."""
    prover = _Prover(is_classical=False, lemmas=tuple(lemmas))
    try:
        proof = prover.prove(evolve(_sequent(shape), depth=_SIDE_DEPTH), statement)
    except _OutOfSteps:
        return None
    return None if proof is None or INACCESSIBLE_MARK in proof else proof


def applications(shape: GoalShape) -> Iterator[Fact]:
    """What the hypotheses that say `∀` or `→` give for what the others hold, nothing that is there already."""
    sequent = evolve(_sequent(shape), depth=_SIDE_DEPTH)
    prover = _Prover(is_classical=False, lemmas=())
    found: set[str] = set()
    for fact in reversed(sequent.facts):
        arguments, conclusion = open_statement(fact.statement)
        if not arguments or conclusion == FALSE:
            continue
        if not any(a.is_premise for a in arguments) and not conclusion.is_binder("∃") and conclusion.text not in "∧∨":
            continue
        try:
            for values in _in_scope(sequent, fact):
                statement = substitute(conclusion, values)
                if statement.alpha_key in sequent.keys or statement.alpha_key in found:
                    continue
                proof = prover.apply(sequent, fact, values)
                if proof is not None and INACCESSIBLE_MARK not in proof:
                    found.add(statement.alpha_key)
                    yield Fact(statement, proof)
        except _OutOfSteps:
            return


def facts_of(shape: GoalShape) -> Iterator[Term]:
    """What the hypotheses of a goal say, conjunctions taken apart, in normal form."""
    return (fact.statement for fact in _sequent(shape).facts)


def _in_scope(sequent: Sequent, fact: Fact) -> Iterator[dict[str, Term]]:
    """Values for the variables of a fact: what its premises are matched by, then what is in scope, newest first."""
    yield from _complete(sequent, fact, {}, is_lemma=False)
    arguments, _ = open_statement(fact.statement)
    named = [argument for argument in arguments if argument.name]
    if len(named) == 1:
        yield from ({named[0].name: value} for value in reversed(sequent.values(named[0].type)[-_MAX_INSTANCES:]))


def _sequent(shape: GoalShape) -> Sequent:
    """The hypotheses of a goal, before any step."""
    sequent = Sequent(
        facts=(),
        denials=(),
        keys={},
        opened=frozenset(),
        elements=_elements(shape),
        taken=shape.taken | shape.target.names,
        goals=frozenset(),
        depth=0,
    )
    for local in shape.proofs:
        statement = normal(local.type, shape.types)
        sequent = sequent.add(statement, local.name)
        if statement.is_operator("=") and any(is_statement(side, shape.types) for side in statement.args):
            # Equal propositions follow from each other.
            left, right = statement.args
            sequent = sequent.add(implication(left, right), project(local.name, "mp"))
            sequent = sequent.add(implication(right, left), project(local.name, "mpr"))
    return sequent


@define(kw_only=True)
class _Prover:
    is_classical: bool
    lemmas: tuple[Fact, ...]
    steps: int = 0
    was_cut: bool = False
    """Whether the depth limit kept something from being tried."""
    _failed: set[tuple[frozenset[str], str, int]] = field(factory=set)

    def prove(self, sequent: Sequent, goal: Term) -> str | None:
        self._count()
        closed = close(sequent, goal)
        if closed is not None:
            return closed
        if goal.is_operator("→", "¬") or goal.is_binder("∀"):
            return self._introduce(sequent, goal)
        if goal.is_operator("∧", "↔"):
            return self._both(sequent, goal)
        grown = forward(sequent)
        if grown is not sequent:
            return self.prove(grown, goal)
        fact = _to_open(sequent)
        if fact is not None:
            return self._open(sequent, goal, fact)
        return self._choose(sequent, goal)

    def _introduce(self, sequent: Sequent, goal: Term) -> str | None:
        names = Names(sequent.taken)
        if goal.is_binder("∀"):
            name = names.variable(goal.variable, goal.variable_type)
            inner = evolve(
                sequent,
                elements=(*sequent.elements, (atom(name), goal.variable_type)),
                taken=sequent.taken | {name},
            )
            body = instantiate(goal, atom(name))
        else:
            premise = goal.args[0]
            body = goal.args[1] if goal.is_operator("→") else FALSE
            name = names.proof(premise)
            inner = evolve(sequent, taken=sequent.taken | {name}).add(premise, name)
        proof = self.prove(inner, body)
        if proof is None:
            return None
        return function(name, proof)

    def _both(self, sequent: Sequent, goal: Term) -> str | None:
        left, right = goal.args
        if goal.is_operator("↔"):
            left, right = implication(left, right), implication(right, left)
        first = self.prove(sequent, left)
        if first is None:
            return None
        second = self.prove(sequent, right)
        return None if second is None else f"⟨{first}, {second}⟩"

    def _open(self, sequent: Sequent, goal: Term, fact: Fact) -> str | None:
        """Takes an ∃ or ∨ among the facts apart; nothing is lost by it."""
        statement = fact.statement
        rest = evolve(sequent, opened=sequent.opened | {statement.alpha_key})
        if statement.is_binder("∃"):
            names = Names(sequent.taken)
            variable = names.variable(statement.variable, statement.variable_type)
            body = instantiate(statement, atom(variable))
            name = names.proof(body)
            inner = evolve(
                rest,
                taken=rest.taken | {variable, name},
                elements=(*rest.elements, (atom(variable), statement.variable_type)),
            )
            proof = self.prove(inner.add(body, name), goal)
            if proof is None or not mentions(proof, variable, name):
                return proof
            return f"(match {fact.proof} with | ⟨{variable}, {name}⟩ => {proof})"
        arms = []
        for constructor, side in zip(("Or.inl", "Or.inr"), statement.args, strict=True):
            name = Names(sequent.taken).proof(side)
            proof = self.prove(evolve(rest, taken=rest.taken | {name}).add(side, name), goal)
            if proof is None or not mentions(proof, name):
                return proof
            arms.append(f"| {constructor} {name} => {proof}")
        return f"(match {fact.proof} with {' '.join(arms)})"

    def _choose(self, sequent: Sequent, goal: Term) -> str | None:
        """The steps that may lead nowhere; each costs one of the depth."""
        if sequent.depth == 0:
            self.was_cut = True
            return None
        key = goal.alpha_key
        state = (frozenset(sequent.keys), key, sequent.depth)
        if state in self._failed or key in sequent.goals:
            return None
        inner = evolve(sequent, depth=sequent.depth - 1, goals=sequent.goals | {key})
        proof = next(self._choices(inner, goal), None)
        if proof is None:
            self._failed.add(state)
        return proof

    def _choices(self, sequent: Sequent, goal: Term) -> Iterator[str]:
        if goal.is_operator("∨"):
            for constructor, side in zip(("Or.inl", "Or.inr"), goal.args, strict=True):
                if (proof := self.prove(sequent, side)) is not None:
                    yield apply(constructor, proof)
        if goal.is_binder("∃"):
            for witness in _witnesses(sequent, goal):
                if (proof := self.prove(sequent, instantiate(goal, witness))) is not None:
                    yield f"⟨{_value(witness)}, {without_brackets(proof)}⟩"
        for fact in sequent.facts:
            yield from self._backward(sequent, goal, fact, is_lemma=False)
        for lemma in self.lemmas:
            yield from self._backward(sequent, goal, lemma, is_lemma=True)
        if self.is_classical and goal != FALSE:
            denied = operator("¬", goal)
            if denied.alpha_key not in sequent.keys:
                name = Names(sequent.taken).fresh("hn")
                inner = evolve(sequent, taken=sequent.taken | {name}).add(denied, name)
                if (proof := self.prove(inner, FALSE)) is not None:
                    yield by_contradiction(name, proof)
        for fact in sequent.facts:
            yield from self._use(sequent, goal, fact)
        for lemma in self.lemmas:
            yield from self._use_alternatives(sequent, goal, lemma)
        if self.lemmas and goal != FALSE:
            for lemma in self.lemmas:
                if open_statement(lemma.statement)[1] == FALSE:
                    for proof in self._backward(sequent, FALSE, lemma, is_lemma=True):
                        yield apply("False.elim", proof)

    def _backward(self, sequent: Sequent, goal: Term, fact: Fact, *, is_lemma: bool) -> Iterator[str]:
        """Proofs of the goal by what concludes it."""
        arguments, conclusion = open_statement(fact.statement)
        if not arguments or (conclusion == FALSE) != (goal == FALSE):
            return
        variables = frozenset(argument.name for argument in arguments if argument.name)
        values = match(conclusion, goal, variables, {})
        if values is None:
            return
        for complete in _complete(sequent, fact, values, is_lemma=is_lemma):
            proof = self.apply(sequent, fact, complete)
            if proof is not None:
                yield proof
                return

    def apply(self, sequent: Sequent, fact: Fact, values: Mapping[str, Term]) -> str | None:
        """The fact applied to these values and to proofs of its premises."""
        pieces = []
        for argument in open_statement(fact.statement)[0]:
            if argument.name:
                if argument.kind is BinderKind.EXPLICIT:
                    pieces.append(_value(values[argument.name]))
                continue
            assert argument.type is not None
            proof = self.prove(sequent, substitute(argument.type, values))
            if proof is None:
                return None
            pieces.append(proof)
        return apply(fact.proof, *pieces)

    def _use(self, sequent: Sequent, goal: Term, fact: Fact) -> Iterator[str]:
        """Goes on with what an implication gives, or with instances of a ∀."""
        statement = fact.statement
        if statement.is_operator("→", "¬"):
            conclusion = statement.args[1] if statement.is_operator("→") else FALSE
            if conclusion.alpha_key in sequent.keys or conclusion == goal:
                return
            first = self.prove(sequent, statement.args[0])
            if first is None:
                return
            applied = apply(fact.proof, first)
            if conclusion == FALSE:
                yield apply("False.elim", applied)
            elif (proof := self.prove(sequent.add(conclusion, applied), goal)) is not None:
                yield proof
        elif statement.is_binder("∀") and self._is_worth_instances(sequent, statement):
            grown = sequent
            for value in sequent.values(statement.variable_type)[:_MAX_INSTANCES]:
                self._count()
                is_explicit = statement.binder_kind is BinderKind.EXPLICIT
                applied = apply(fact.proof, _value(value)) if is_explicit else fact.proof
                instance = instantiate(statement, value)
                grown = grown.add(normal(instance, {}) if is_numeral(value) else instance, applied)
            if grown is not sequent and (proof := self.prove(grown, goal)) is not None:
                yield proof

    def _is_worth_instances(self, sequent: Sequent, statement: Term) -> bool:
        """Whether instances of a ∀ can be taken apart, contradict something or be chained by lemmas.

        Equations and orders are used backwards anyway.
        """
        _, conclusion = open_statement(statement)
        if conclusion.is_operator("<", "≤") and self.lemmas:
            return True
        if conclusion.is_operator("=", "<", "≤"):
            return any(denied.head == conclusion.head for denied, _ in sequent.denials)
        return True

    def _count(self) -> None:
        self.steps += 1
        if self.steps > _STEP_LIMIT:
            raise _OutOfSteps

    def _use_alternatives(self, sequent: Sequent, goal: Term, lemma: Fact) -> Iterator[str]:
        """Goes on with `p ∨ q` from a lemma whose only premise is a fact."""
        arguments, conclusion = open_statement(lemma.statement)
        premises = [argument.type for argument in arguments if argument.is_premise and argument.type is not None]
        if not conclusion.is_operator("∨") or len(premises) != 1:
            return
        variables = frozenset(argument.name for argument in arguments if argument.name)
        for fact in sequent.facts:
            values = match(premises[0], fact.statement, variables, {})
            if values is None or values.keys() != variables:
                continue
            applied = self.apply(sequent, lemma, values)
            if applied is None:
                continue
            grown = sequent.add(substitute(conclusion, values), applied)
            if grown is not sequent and (proof := self.prove(grown, goal)) is not None:
                yield proof


def _elements(shape: GoalShape) -> tuple[tuple[Term, Term | None], ...]:
    """The data in the context, and what functions and predicates of the goal are applied to."""
    types = shape.types
    found: dict[Term, Term | None] = {atom(one.name): one.type for one in shape.data}
    for statement in [shape.target, *(one.type for one in shape.proofs)]:
        for part in subterms(normal(statement, types)):
            if part.shape is not Shape.APPLICATION or part.head not in types:
                continue
            for arg in part.arguments:
                kind = atom("Nat") if is_numeral(arg) else type_of(arg, types)
                if kind is not None and arg.shape is not Shape.BINDER:
                    found.setdefault(arg, kind)
    return tuple(found.items())[:_MAX_ELEMENTS]


def _to_open(sequent: Sequent) -> Fact | None:
    """An ∃ or ∨ among the facts that is not taken apart yet."""
    for fact in sequent.facts:
        statement = fact.statement
        if statement.alpha_key in sequent.opened:
            continue
        if statement.is_binder("∃"):
            return fact
        if statement.is_operator("∨") and not any(side.alpha_key in sequent.keys for side in statement.args):
            return fact
    return None


def _value(term: Term) -> str:
    """A value as it is written; what cannot be typed is left for Lean to find."""
    return "_" if INACCESSIBLE_MARK in term.rendered else term.rendered


def _witnesses(sequent: Sequent, goal: Term) -> list[Term]:
    """Values for an existential: those that make a part of it a fact or a reflexive equation, then all in scope."""
    variables = frozenset({goal.variable})
    found: list[Term] = []
    for part in conjuncts(goal.body):
        pairs = [(part, fact.statement) for fact in sequent.facts]
        if part.is_operator("="):
            left, right = part.args
            pairs += [(left, right), (right, left)]
        for pattern, statement in pairs:
            values = match(pattern, statement, variables, {})
            if values and goal.variable in values and goal.variable not in values[goal.variable].names:
                found.append(values[goal.variable])
    return list(dict.fromkeys([*found, *sequent.values(goal.variable_type)]))[:_MAX_INSTANCES]


def _complete(sequent: Sequent, fact: Fact, values: Mapping[str, Term], *, is_lemma: bool) -> Iterator[dict[str, Term]]:
    """Values for all variables of a fact: from its premises matched with facts, then from what is in scope."""
    arguments, _ = open_statement(fact.statement)
    variables = frozenset(argument.name for argument in arguments if argument.name)
    found: list[dict[str, Term]] = [dict(values)]
    if not variables <= values.keys():
        for argument in arguments:
            if not argument.is_premise or argument.type is None:
                continue
            grown = [
                matched
                for known in found
                for other in sequent.facts
                if (matched := match(argument.type, other.statement, variables, known)) is not None
            ]
            found = (grown or found)[:_MAX_INSTANCES]
    for argument in arguments:
        if not argument.name:
            continue
        # A lemma's variables are found by matching or not at all: trying all values in scope would take too long.
        in_scope = [] if is_lemma else sequent.values(argument.type)
        found = [
            {**known, argument.name: value}
            for known in found
            for value in ([known[argument.name]] if argument.name in known else in_scope)
        ][:_MAX_INSTANCES]
    yield from found
