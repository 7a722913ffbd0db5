"""Patterns that take `∧`, `∃`, `↔` and `∨` apart with a name for every part, and what is apart already.

`⟨x, hx, hy⟩` is what `intro`, `have` and `match` take in every Lean 4; `ha | hb` needs `rcases` or `rintro`. Pure text.
"""

from collections.abc import Sequence

from lean_sidekick.core.terms import Shape, Term, atom, match, substitute
from lean_sidekick.tactics.dialect import OBTAIN, Dialect
from lean_sidekick.tactics.goal_shape import conjuncts
from lean_sidekick.tactics.names import Names


def pattern(statement: Term, names: Names, *, with_cases: bool) -> str:
    """The pattern that opens a hypothesis as far as it goes; a name if there is nothing to open.

    `with_cases` also opens disjunctions, as `ha | hb`.
    """
    if statement.is_binder("∃"):
        variable = names.variable(statement.variable, statement.variable_type)
        body = substitute(statement.body, {statement.variable: atom(variable)})
        rest = pattern(body, names, with_cases=with_cases)
        return f"⟨{variable}, {_flat(rest)}⟩"
    if statement.is_operator("∧"):
        parts = [pattern(part, names, with_cases=with_cases) for part in conjuncts(statement)]
        return f"⟨{', '.join(_bracketed(part) for part in parts[:-1])}, {_flat(parts[-1])}⟩"
    if with_cases and statement.is_operator("∨"):
        sides = [pattern(side, names, with_cases=True) for side in statement.args]
        return " | ".join(_bracketed(side) if "|" in side and index == 0 else side for index, side in enumerate(sides))
    return names.proof(statement)


def opened(statement: Term, proof: str, names: Names, dialect: Dialect) -> str:
    """The tactic that takes what a proof says exists, or both parts of a conjunction, with names."""
    if dialect.known is not None and dialect.has(OBTAIN):
        return f"obtain {pattern(statement, names, with_cases=False)} := {proof}"
    if statement.is_binder("∃"):
        first = names.variable(statement.variable, statement.variable_type)
        second = names.fresh("h" + first if not first.startswith("h") else "h")
    else:
        first, second = (names.proof(part) for part in statement.args)
    return f"cases {proof} with | intro {first} {second} => ?_"


def alternatives(proof: str, left: Term, right: Term, names: Names) -> str:
    """The tactic that goes on with either side of what a proof says, with a name for what holds."""
    return f"cases {proof} with | inl {names.proof(left)} => ?_ | inr {names.proof(right)} => ?_"


def are_known(parts: Sequence[Term], known: Sequence[Term]) -> bool:
    """Whether all parts stand among the hypotheses."""
    keys = {statement.alpha_key for statement in known}
    return all(part.alpha_key in keys for part in parts)


def has_instance(existential: Term, known: Sequence[Term]) -> bool:
    """Whether the body of an existential stands among the hypotheses for some value.

    Its first part has to, and what else could not have been used up since: an equation may have been substituted, a
    conjunction or the like taken apart.
    """
    variables = set()
    while existential.is_binder("∃"):
        variables.add(existential.variable)
        existential = existential.body
    first, *others = conjuncts(existential)
    lasting = [part for part in others if part.shape is Shape.APPLICATION or part.is_binder("∀")]
    found = [values for one in known if (values := match(first, one, frozenset(variables), {})) is not None]
    for part in lasting:
        found = [
            grown
            for values in found
            for one in known
            if (grown := match(part, one, frozenset(variables), values)) is not None
        ]
    return bool(found)


def _flat(text: str) -> str:
    """The last part of a pattern: its own brackets fall away, alternatives get some."""
    return text[1:-1] if text.startswith("⟨") and text.endswith("⟩") and _is_one_group(text) else _bracketed(text)


def _bracketed(text: str) -> str:
    return f"({text})" if _has_top_level_bar(text) else text


def _has_top_level_bar(text: str) -> bool:
    depth = 0
    for character in text:
        depth += (character in "⟨(") - (character in "⟩)")
        if character == "|" and depth == 0:
            return True
    return False


def _is_one_group(text: str) -> bool:
    depth = 0
    for index, character in enumerate(text):
        depth += (character == "⟨") - (character == "⟩")
        if depth == 0:
            return index == len(text) - 1
    return False
