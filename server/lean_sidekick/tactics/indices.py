"""Indices of inductive predicates brought to constructors: `a :: (l ++ m)` for `a :: l ++ m`.

A constructor of a predicate is applied, and a hypothesis about one taken apart, by the constructors that its indices
begin with; what appends or adds below them hides these. Such indices are rewritten by a few laws of the core library,
as often as they fit. Pure; steps alone, no proofs.
"""

from collections.abc import Iterator, Sequence
from functools import lru_cache

from attrs import frozen

from lean_sidekick.core.term_reader import read_binders
from lean_sidekick.core.terms import Term, with_args
from lean_sidekick.tactics.dialect import Dialect
from lean_sidekick.tactics.goal_shape import is_numeral
from lean_sidekick.tactics.rewriting import Equation, equation_of, rewrite

_LAWS = (
    ("List.nil_append", "(as : List α) : [] ++ as = as"),
    ("List.cons_append", "(a : α) (as bs : List α) : a :: as ++ bs = a :: (as ++ bs)"),
    ("Nat.zero_add", "(n : Nat) : 0 + n = n"),
    ("Nat.add_right_comm", "(n m k : Nat) : n + m + k = n + k + m"),
)
_MAX_REWRITES = 6


@frozen
class Computed:
    """A statement whose indices begin with constructors, and the laws that brought it there, in order."""

    statement: Term
    laws: tuple[str, ...]

    def step(self, place: str = "") -> str:
        """The tactic that does it; `place` is the hypothesis, none for the target."""
        word = "rw" if len(self.laws) == 1 else "simp only"
        return f"{word} [{', '.join(dict.fromkeys(self.laws))}]{place and f' at {place}'}"


def computed(statement: Term, parameters: int, dialect: Dialect) -> Computed | None:
    """A statement about an inductive predicate with its indices computed; None if there is nothing to compute."""
    laws: list[str] = []
    arguments = list(statement.arguments)
    for place in range(parameters, len(arguments)):
        while len(laws) < _MAX_REWRITES:
            step = next(_steps(arguments[place], _usable(dialect)), None)
            if step is None:
                break
            law, arguments[place] = step
            laws.append(law)
    return Computed(with_args(statement, (statement.args[0], *arguments)), tuple(laws)) if laws else None


def _usable(dialect: Dialect) -> list[tuple[str, Equation]]:
    return [(name, equation) for name, equation in _equations() if dialect.has_name(name)]


@lru_cache(maxsize=1)
def _equations() -> tuple[tuple[str, Equation], ...]:
    found = []
    for name, statement in _LAWS:
        term = read_binders(statement)
        equation = equation_of(term) if term is not None else None
        if equation is None:
            raise ValueError(f"the law {name} cannot be read as an equation")
        found.append((name, equation))
    return tuple(found)


def _steps(index: Term, equations: Sequence[tuple[str, Equation]]) -> Iterator[tuple[str, Term]]:
    for name, equation in equations:
        done = rewrite(equation, index)
        # Of sums, a number comes last and stays there.
        if done is not None and (name != "Nat.add_right_comm" or _puts_number_last(done.instance, done.replacement)):
            yield name, done.result


def _puts_number_last(before: Term, after: Term) -> bool:
    return is_numeral(after.args[1]) and not is_numeral(before.args[1])
