"""One spelling for statements that Lean takes as the same by definition.

`a ≥ b` is `b ≤ a`, `a ≠ b` is `¬a = b`, `Nat.succ n` is `n + 1`, `1 + 1` is `2`, and on `Nat` `n + 1 ≤ m` is
`n < m`. Comparing normal forms finds more than comparing texts does; a proof of one is accepted for the other.
Rewriting needs the text as it stands, so it does not use this. Pure.
"""

from collections.abc import Mapping

from lean_sidekick.core.terms import Shape, Term, atom, operator, with_args
from lean_sidekick.tactics.goal_shape import type_of

_ONE, _ZERO = atom("1"), atom("0")
_FLIPPED = {"≥": "≤", ">": "<"}


def normal(term: Term, types: Mapping[str, Term]) -> Term:
    """The normal form of a statement; `types` are those of the hypotheses."""
    if term.shape in (Shape.ATOM, Shape.OPAQUE):
        return _ZERO if term.text == "Nat.zero" else term
    if term.shape is Shape.BINDER:
        inner = {**types}
        inner.pop(term.variable, None)
        if term.variable_type is not None:
            inner[term.variable] = term.variable_type
        return with_args(term, (normal(term.body, inner),))
    args = tuple(normal(arg, types) for arg in term.args)
    if term.shape is Shape.APPLICATION:
        is_successor = term.head == "Nat.succ" and len(args) == 2
        return _successor(args[1]) if is_successor else with_args(term, args)
    if term.text in _FLIPPED:
        return _order(_FLIPPED[term.text], args[1], args[0], types)
    if term.text == "+" and all(arg.text.isdecimal() for arg in args):
        return atom(str(sum(int(arg.text) for arg in args)))
    if term.text == "≤":
        return _order("≤", args[0], args[1], types)
    if term.text == "≠":
        return operator("¬", operator("=", *args))
    if term.is_operator("→") and args[1].text == "False":
        return operator("¬", args[0])
    return term if args == term.args else with_args(term, args)


def _successor(term: Term) -> Term:
    return atom(str(int(term.text) + 1)) if term.text.isdecimal() else operator("+", term, _ONE)


def _order(symbol: str, left: Term, right: Term, types: Mapping[str, Term]) -> Term:
    """`n + 1 ≤ m` as `n < m` where both are natural numbers."""
    if symbol == "≤" and _is_natural(left, right, types):
        if left.is_operator("+") and left.args[1] == _ONE:
            return operator("<", left.args[0], right)
        if left == _ONE:
            return operator("<", _ZERO, right)
    return operator(symbol, left, right)


def _is_natural(left: Term, right: Term, types: Mapping[str, Term]) -> bool:
    kinds = [kind for side in (left, right) if (kind := type_of(side, types)) is not None]
    return bool(kinds) and all(kind.text in ("Nat", "ℕ") for kind in kinds)
