"""Names for what a tactic introduces: never one that is in use, and the one a person would take.

A `Names` object hands out names for one candidate and remembers them, so that no two are equal and none clashes with a
hypothesis of the goal or with a word of the language. Pure.
"""

import re
from collections.abc import Iterable

from lean_sidekick.core.scanner import words
from lean_sidekick.core.terms import Shape, Term, fresh_name
from lean_sidekick.tactics.goal_shape import negation, plain_type

_USABLE = re.compile(r"[^\W\d][\w']*\Z")
_RESERVED = frozenset(
    words("""
    abbrev at attribute axiom by calc case class def deriving do else end example exists export extends first for
    forall from fun have hiding if import in include inductive infix infixl infixr init instance lemma let macro
    match meta module mutual namespace nomatch noncomputable notation obtain open opaque partial postfix prefix
    private protected public renaming return section set_option show sorry structure suffices syntax then theorem this
    unsafe universe using variable where with λ Π Σ Prop Type Sort True False
    """)
)
_BY_TYPE = {"Nat": "n", "Int": "n", "List": "l", "Bool": "b", "Option": "o", "Real": "x", "Prop": "p", "function": "f"}


class Names:
    """The names in use around one candidate."""

    def __init__(self, taken: Iterable[str]) -> None:
        self._taken = set(taken)

    def fresh(self, wanted: str) -> str:
        """`wanted` if it may be used, else a name made from it; it is in use from now on."""
        wanted = wanted.rstrip("✝⁰¹²³⁴⁵⁶⁷⁸⁹")
        if not _USABLE.match(wanted) or wanted in _RESERVED:
            wanted = "x"
        name = fresh_name(wanted, self._taken)
        self._taken.add(name)
        return name

    def variable(self, wanted: str, kind: Term | None) -> str:
        """A name for an element: its binder's own name, else one that goes with its type."""
        if wanted.strip("_✝") == "" or "✝" in wanted:
            wanted = _BY_TYPE.get(plain_type(kind), "a") if kind is not None else "x"
        return self.fresh(wanted)

    def proof(self, statement: Term | None) -> str:
        """A name for a hypothesis: `hp` for `p`, `hnp` for `¬p`, `h` for what is longer."""
        return self.fresh("h" + _short(statement)) if statement is not None else self.fresh("h")

    def release(self, name: str) -> None:
        """Gives a name back that the tactic takes out of the context."""
        self._taken.discard(name)


def _short(statement: Term) -> str:
    if statement.shape is Shape.ATOM and len(statement.text) == 1:
        return statement.text.lower()
    denied = negation(statement)
    if denied is not None and denied.shape is Shape.ATOM and len(denied.text) == 1:
        return "n" + denied.text.lower()
    if statement.shape is Shape.APPLICATION and len(statement.head) == 1:
        return statement.head.lower()
    return ""
