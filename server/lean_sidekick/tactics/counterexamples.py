"""Goals that are false for small values: nothing is lost by not trying to prove them.

Natural numbers, truth values, lists and elements of a type variable take a few small values; hypotheses and target are
computed. Where every hypothesis could be computed and the target comes out false, the goal has no proof. Hypotheses
that say more than is understood here may rule the values out, and what no small number is may be a large one, so a
goal with such hypotheses or with `∃` is only unlikely. Pure.
"""

from collections.abc import Callable, Iterator, Mapping
from enum import Enum
from functools import lru_cache
from itertools import islice, product

from lean_sidekick.core.goals import Goal
from lean_sidekick.core.term_reader import read_term
from lean_sidekick.core.terms import Shape, Term, opaque, subterms
from lean_sidekick.tactics.goal_shape import is_numeral

Value = int | bool | tuple["Value", ...]
_NUMBERS: tuple[Value, ...] = (0, 1, 2, 3, 5)
_FEW_NUMBERS: tuple[Value, ...] = (0, 1, 2)
_TRUTHS: tuple[Value, ...] = (True, False)
_ELEMENTS: tuple[Value, ...] = (0, 1)
_LISTS: tuple[Value, ...] = ((), (0,), (1, 0), (0, 1, 1))
_FEW_VARIABLES = 2
_MAX_VARIABLES = 7
_MAX_TRIED = 250
_MAX_WORK = 8_000
"""Parts of statements that are computed for one goal: a bound on the time that it takes."""
_MAX_STATEMENT = 1_000
"""Parts of one statement, those below a binder once for every value of its variable."""
_MAX_EXPONENT = 12
_MAX_BOUND = 8
_MAX_LENGTH = 400
"""Of a statement that is read, in characters."""
_SORTS = ("Type", "Sort")


class Falsity(Enum):
    """What small values say of a goal."""

    NOT_SEEN = "not seen"
    UNLESS_RULED_OUT = "unless a hypothesis that was not understood rules it out, or a large number is what exists"
    CERTAIN = "certain"


class _NotUnderstood(Exception):
    """A term has no value here."""


@lru_cache(maxsize=512)
def falsity(goal: Goal) -> Falsity:
    """Whether small values make a goal false."""
    if goal.has_metavariable or len(goal.target) > _MAX_LENGTH or "⊢" not in goal.text:
        return Falsity.NOT_SEEN
    types = {
        name: read_term(group.type) if len(group.type) <= _MAX_LENGTH else opaque(group.type)
        for group in goal.hypotheses
        for name in group.names
    }
    domains = {name: values for name, kind in types.items() if (values := _domain(kind, types)) is not None}
    target = read_term(goal.target)
    used = [name for name in domains if name in target.names]
    statements = [kind for name, kind in types.items() if name not in domains and kind.head not in _SORTS]
    readable = []
    is_all_read = not any(group.value is not None for group in goal.hypotheses)
    for statement in statements:
        if _work(statement) <= _MAX_STATEMENT and _is_understood(statement, domains):
            readable.append(statement)
            used += [name for name in domains if name in statement.names and name not in used]
        else:
            is_all_read = False
    if len(used) > _MAX_VARIABLES or _work(target) > _MAX_STATEMENT or not _is_understood(target, domains):
        return Falsity.NOT_SEEN
    most = min(_MAX_TRIED, _MAX_WORK // sum(_work(one) for one in (target, *readable)))
    for chosen in islice(_assignments({name: domains[name] for name in used}), most):
        if _truth(target, chosen) is False and all(_truth(statement, chosen) is True for statement in readable):
            is_certain = is_all_read and not any(one.has_binder for one in (target, *readable))
            return Falsity.CERTAIN if is_certain else Falsity.UNLESS_RULED_OUT
    return Falsity.NOT_SEEN


def _work(statement: Term) -> int:
    """How many parts are computed to find the truth of a statement once."""
    below = sum(map(_work, statement.args))
    return 1 + (below * (_MAX_BOUND + 1) if statement.shape is Shape.BINDER else below)


def _domain(kind: Term, types: Mapping[str, Term]) -> tuple[Value, ...] | None:
    if kind.text in ("Nat", "ℕ"):
        return _NUMBERS
    if kind.text in ("Prop", "Bool"):
        return _TRUTHS
    if kind.shape is Shape.ATOM and kind.text in types and types[kind.text].head in _SORTS:
        return _ELEMENTS
    if kind.head == "List" and len(kind.arguments) == 1 and _domain(kind.arguments[0], types) in (_ELEMENTS, _NUMBERS):
        return _LISTS
    return None


def _assignments(domains: Mapping[str, tuple[Value, ...]]) -> Iterator[dict[str, Value]]:
    few = len(domains) > _FEW_VARIABLES
    choices = [_FEW_NUMBERS if few and values is _NUMBERS else values for values in domains.values()]
    for values in product(*choices):
        yield dict(zip(domains, values, strict=True))


def _is_understood(statement: Term, domains: Mapping[str, tuple[Value, ...]]) -> bool:
    has_numbers = any(domains.get(name) is _NUMBERS for name in statement.names)
    if not has_numbers and any(part.is_operator("-", "/", "%") for part in subterms(statement)):
        return False  # of numerals alone the type does not show
    try:
        return isinstance(_value(statement, {name: values[0] for name, values in domains.items()}), bool)
    except _NotUnderstood:
        return False


def _truth(statement: Term, values: Mapping[str, Value]) -> bool | None:
    """Whether a statement holds; None where it cannot be computed."""
    try:
        return bool(_value(statement, values))
    except _NotUnderstood:
        return None


def _value(term: Term, values: Mapping[str, Value]) -> Value:
    if is_numeral(term):
        return int(term.text)
    if term.text in values and term.shape is Shape.ATOM:
        return values[term.text]
    if term.text in _CONSTANTS:
        return _CONSTANTS[term.text]
    if term.shape is Shape.OPERATOR:
        arguments = [_value(arg, values) for arg in term.args]
        return _computed(_OPERATORS.get((term.text, len(arguments))), arguments)
    if term.is_binder("∃", "∀") and not term.body.has_binder:
        found = [_value(term.body, {**values, term.variable: value}) for value in _bounded(term.variable_type)]
        if not all(isinstance(one, bool) for one in found):
            raise _NotUnderstood
        return any(found) if term.text == "∃" else all(found)
    if term.shape is Shape.APPLICATION and term.head not in values:
        # Types are left out where Lean does not print them, so what is there are the arguments that count.
        arguments = [_value(arg, values) for arg in term.arguments]
        return _computed(_FUNCTIONS.get((term.head, len(arguments))), arguments)
    raise _NotUnderstood


def _bounded(kind: Term | None) -> tuple[Value, ...]:
    """The values that are tried for a bound variable."""
    if kind is not None and kind.text in ("Nat", "ℕ"):
        return tuple(range(_MAX_BOUND + 1))
    if kind is not None and kind.text in ("Prop", "Bool"):
        return _TRUTHS
    raise _NotUnderstood


def _computed(function: "_Operation | None", arguments: list[Value]) -> Value:
    if function is None:
        raise _NotUnderstood
    kinds, compute = function
    if not all(_KINDS[kind](argument) for kind, argument in zip(kinds, arguments, strict=True)):
        raise _NotUnderstood
    return compute(*arguments)


def _power(base: int, exponent: int) -> int:
    if exponent > _MAX_EXPONENT or base > _MAX_LENGTH:
        raise _NotUnderstood
    return int(base**exponent)


def _is_same(left: Value, right: Value) -> bool:
    if type(left) is not type(right):
        raise _NotUnderstood
    return left == right


_Operation = tuple[str, Callable[..., Value]]
_KINDS: Mapping[str, Callable[[Value], bool]] = {
    "n": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "b": lambda value: isinstance(value, bool),
    "l": lambda value: isinstance(value, tuple),
    "a": lambda value: True,
}
_CONSTANTS: Mapping[str, Value] = {
    "True": True,
    "False": False,
    "true": True,
    "false": False,
    "Nat.zero": 0,
    "[]": (),
}
_OPERATORS: Mapping[tuple[str, int], _Operation] = {
    ("+", 2): ("nn", lambda a, b: a + b),
    ("-", 2): ("nn", lambda a, b: max(0, a - b)),
    ("*", 2): ("nn", lambda a, b: a * b),
    ("/", 2): ("nn", lambda a, b: a // b if b else 0),
    ("%", 2): ("nn", lambda a, b: a % b if b else a),
    ("^", 2): ("nn", _power),
    ("<", 2): ("nn", lambda a, b: a < b),
    ("≤", 2): ("nn", lambda a, b: a <= b),
    (">", 2): ("nn", lambda a, b: a > b),
    ("≥", 2): ("nn", lambda a, b: a >= b),
    ("=", 2): ("aa", _is_same),
    ("≠", 2): ("aa", lambda a, b: not _is_same(a, b)),
    ("∧", 2): ("bb", lambda a, b: a and b),
    ("∨", 2): ("bb", lambda a, b: a or b),
    ("→", 2): ("bb", lambda a, b: not a or b),
    ("↔", 2): ("bb", lambda a, b: a is b),
    ("¬", 1): ("b", lambda a: not a),
    ("&&", 2): ("bb", lambda a, b: a and b),
    ("||", 2): ("bb", lambda a, b: a or b),
    ("!", 1): ("b", lambda a: not a),
    ("::", 2): ("al", lambda a, rest: (a, *rest)),
    ("++", 2): ("ll", lambda a, b: a + b),
}
_FUNCTIONS: Mapping[tuple[str, int], _Operation] = {
    ("Nat.succ", 1): ("n", lambda a: a + 1),
    ("Nat.pred", 1): ("n", lambda a: max(0, a - 1)),
    ("Nat.min", 2): ("nn", min),
    ("Nat.max", 2): ("nn", max),
    ("not", 1): ("b", lambda a: not a),
    ("List.length", 1): ("l", len),
    ("List.reverse", 1): ("l", lambda a: a[::-1]),
    ("List.take", 2): ("nl", lambda n, a: a[:n]),
    ("List.drop", 2): ("nl", lambda n, a: a[n:]),
    ("List.isEmpty", 1): ("l", lambda a: not a),
}
