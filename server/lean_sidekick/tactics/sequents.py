"""What holds at one point of a proof search in pure logic, and what follows from it without search.

A `Sequent` is a value: facts with the texts of their proofs, the elements in scope, how deep the search may still go.
Statements are compared by the normal forms of `normal`, up to the names of bound variables. Pure.
"""

import re
from collections.abc import Mapping
from functools import lru_cache

from attrs import evolve, frozen

from lean_sidekick.core.goals import INACCESSIBLE_MARK
from lean_sidekick.core.terms import Term, atom, operator
from lean_sidekick.tactics.goal_shape import FALSE, TRUE, Argument, instantiate, negation

_MAX_FACTS = 60
_NAME = re.compile(r"(?<![\w'.])[^\W\d][\w'!?]*")
_NAMES = re.compile(r"[\w'.]+(?: [\w'.]+)*")
"""A function applied to names and nothing else."""


@frozen
class Fact:
    """Something that holds, with the text of its proof."""

    statement: Term
    proof: str


@frozen(kw_only=True)
class Sequent:
    """One point of the search.

    `denials` are what the facts deny, with the proofs of the denials; `keys` are the facts by their statement,
    `opened` the ∃ and ∨ taken apart already, `elements` what a ∀ may be used for, with its type if known, `goals`
    what was tried without success since the last new fact.
    """

    facts: tuple[Fact, ...]
    denials: tuple[tuple[Term, str], ...]
    keys: Mapping[str, str]
    opened: frozenset[str]
    elements: tuple[tuple[Term, Term | None], ...]
    taken: frozenset[str]
    goals: frozenset[str]
    depth: int

    def add(self, statement: Term, proof: str) -> "Sequent":
        """With one more fact, and the parts of `∧` and `↔`; the same object if it adds nothing."""
        key = statement.alpha_key
        if key in self.keys or len(self.facts) >= _MAX_FACTS:
            return self
        # With more to work with, goals that were met before are worth another look.
        denied = negation(statement)
        grown = evolve(
            self,
            facts=(*self.facts, Fact(statement, proof)),
            denials=self.denials if denied is None else (*self.denials, (denied, proof)),
            keys={**self.keys, key: proof},
            goals=frozenset(),
        )
        if statement.is_operator("∧"):
            grown = grown.add(statement.args[0], project(proof, "1"))
            grown = grown.add(statement.args[1], project(proof, "2"))
        elif statement.is_operator("↔"):
            left, right = statement.args
            grown = grown.add(implication(left, right), project(proof, "mp"))
            grown = grown.add(implication(right, left), project(proof, "mpr"))
        return grown

    def values(self, kind: Term | None) -> list[Term]:
        """The elements of a type; where a type is not known it may be any."""
        wanted = kind and kind.alpha_key
        return [term for term, of in self.elements if wanted is None or of is None or of.alpha_key == wanted]


@lru_cache(maxsize=2048)
def open_statement(statement: Term) -> tuple[tuple[Argument, ...], Term]:
    """The arguments and the conclusion of a statement, its variables renamed so that they clash with nothing."""
    arguments: list[Argument] = []
    while True:
        if statement.is_binder("∀"):
            name = f"x{INACCESSIBLE_MARK}{len(arguments)}"
            arguments.append(Argument(name=name, type=statement.variable_type, kind=statement.binder_kind))
            statement = instantiate(statement, atom(name))
        elif statement.is_operator("→"):
            arguments.append(Argument(name="", type=statement.args[0]))
            statement = statement.args[1]
        elif (denied := negation(statement)) is not None:
            arguments.append(Argument(name="", type=denied))
            statement = FALSE
        else:
            return tuple(arguments), statement


def implication(left: Term, right: Term) -> Term:
    """`left → right` in normal form."""
    return operator("¬", left) if right == FALSE else operator("→", left, right)


def close(sequent: Sequent, goal: Term) -> str | None:
    """A proof of the goal from the facts, without search."""
    known = sequent.keys.get(goal.alpha_key)
    if known is not None:
        return known
    if goal == TRUE:
        return "True.intro"
    if goal.is_operator("=", "↔") and goal.args[0].alpha_key == goal.args[1].alpha_key:
        return "rfl" if goal.is_operator("=") else "Iff.rfl"
    if goal.is_operator("=") and (chain := _equality_chain(sequent, *goal.args)) is not None:
        return chain
    falsity = sequent.keys.get(FALSE.alpha_key)
    if falsity is not None:
        return apply("False.elim", falsity)
    for denied, proof in sequent.denials:
        held = _held(sequent, denied)
        if held is not None:
            return apply(proof, held) if goal == FALSE else apply("absurd", held, proof)
        if denied.is_operator("=") and goal.alpha_key == operator("¬", operator("=", *denied.args[::-1])).alpha_key:
            return project(proof, "symm")
    return None


def _held(sequent: Sequent, statement: Term) -> str | None:
    """A proof of what a fact denies: another fact, or an equation turned round."""
    held = sequent.keys.get(statement.alpha_key)
    if held is None and statement.is_operator("="):
        left, right = statement.args
        if left.alpha_key == right.alpha_key:
            return "rfl"
        turned = sequent.keys.get(operator("=", right, left).alpha_key)
        return project(turned, "symm") if turned is not None else None
    return held


def forward(sequent: Sequent) -> Sequent:
    """Adds what follows from one implication and one fact; the same object if nothing does."""
    for fact in sequent.facts:
        statement = fact.statement
        if not statement.is_operator("→"):
            continue
        held = sequent.keys.get(statement.args[0].alpha_key)
        if held is not None and statement.args[1].alpha_key not in sequent.keys:
            grown = sequent.add(statement.args[1], apply(fact.proof, held))
            if grown is not sequent:
                return grown
    return sequent


def _equality_chain(sequent: Sequent, left: Term, right: Term) -> str | None:
    """A proof of `left = right` by equations among the facts, turned and joined; the shortest."""
    equations = [fact for fact in sequent.facts if fact.statement.is_operator("=")]
    reached: dict[str, str] = {left.alpha_key: ""}
    frontier = [left.alpha_key]
    while frontier:
        current = frontier.pop(0)
        for fact in equations:
            first, last = (arg.alpha_key for arg in fact.statement.args)
            for source, goal, proof in ((first, last, fact.proof), (last, first, project(fact.proof, "symm"))):
                if source != current or goal in reached:
                    continue
                before = reached[current]
                reached[goal] = f"{project(before, 'trans')} {as_argument(proof)}" if before else proof
                frontier.append(goal)
    return reached.get(right.alpha_key) or None


def as_argument(proof: str) -> str:
    """A proof as an argument of an application."""
    if " " not in proof or (proof[0] in "(⟨" and _closes_at_end(proof)):
        return proof
    return f"({proof})"


def project(proof: str, part: str) -> str:
    """A field of a proof."""
    return f"{as_argument(proof)}.{part}"


def apply(function: str, *arguments: str) -> str:
    """A proof applied to arguments."""
    head = function if not function.startswith(("fun ", "match ")) else f"({function})"
    return " ".join([head, *(as_argument(argument) for argument in arguments)])


def function(name: str, proof: str) -> str:
    """`fun name => proof`, shortened where the proof is a function applied to that name or a `fun` itself."""
    front, _, last = proof.rpartition(" ")
    if last == name and _NAMES.fullmatch(front) and all(part.split(".")[0] != name for part in front.split()):
        return front
    return f"fun {name} {proof[4:]}" if proof.startswith("fun ") else f"fun {name} => {proof}"


def mentions(proof: str, *names: str) -> bool:
    """Whether a proof speaks of one of these names."""
    return any(name in names for name in _NAME.findall(proof))


def by_contradiction(name: str, refutation: str) -> str:
    """A proof from a refutation of the denial `name`; where that only applies the denial, what it is applied to."""
    direct = refutation.removeprefix(f"{name} ")
    is_one = " " not in direct or (direct[0] in "(⟨" and _closes_at_end(direct))
    if direct != refutation and is_one and not mentions(direct, name):
        return direct[1:-1] if direct.startswith("(") and not direct.startswith("(match ") else direct
    return apply("Classical.byContradiction", function(name, refutation))


def without_brackets(proof: str) -> str:
    """What stands inside an anonymous constructor, to be put into another one."""
    return proof[1:-1] if proof.startswith("⟨") and _closes_at_end(proof) else proof


def _closes_at_end(text: str) -> bool:
    depth = 0
    for index, character in enumerate(text):
        depth += (character in "(⟨") - (character in ")⟩")
        if depth == 0:
            return index == len(text) - 1
    return False
