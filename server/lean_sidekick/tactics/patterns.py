"""Patterns that take `∧`, `∃`, `↔` and `∨` apart with a name for every part.

`⟨x, hx, hy⟩` is what `intro`, `have` and `match` take in every Lean 4; `ha | hb` needs `rcases` or `rintro`. Pure text.
"""

from lean_sidekick.core.terms import Term, atom, substitute
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
