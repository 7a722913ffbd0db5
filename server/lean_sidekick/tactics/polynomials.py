"""Sums of products of atoms: what terms on natural numbers compute to, compared and divided. Pure."""

from collections import Counter
from collections.abc import Iterable, Mapping

from attrs import field, frozen

from lean_sidekick.core.terms import Term, atom, operator
from lean_sidekick.tactics.goal_shape import is_numeral

Monomial = tuple[str, ...]
"""The atoms of a product by their texts, sorted, each as often as it stands there."""
_MAX_EXPONENT = 4
_MAX_SUMMANDS = 24


@frozen
class Polynomial:
    """How often each product stands in a sum; `atoms` are the terms that its texts stand for."""

    summands: Counter[Monomial] = field(factory=Counter)
    atoms: Mapping[str, Term] = field(factory=dict)

    def minus(self, other: "Polynomial") -> "Polynomial | None":
        """What this one has more; None if it has less of anything, or too much to be written out."""
        rest = Counter(self.summands)
        rest.subtract(other.summands)
        if any(count < 0 for count in rest.values()) or len(rest) > _MAX_SUMMANDS:
            return None
        return Polynomial(+rest, {**self.atoms, **other.atoms})

    def over(self, divisor: Monomial, times: int) -> "Polynomial | None":
        """The quotient by `times` that product, None if something remains."""
        quotient: Counter[Monomial] = Counter()
        for monomial, count in self.summands.items():
            rest = Counter(monomial)
            rest.subtract(divisor)
            if count % times or any(left < 0 for left in rest.values()):
                return None
            quotient[tuple(sorted(rest.elements()))] += count // times
        return Polynomial(quotient, self.atoms)

    @property
    def constant(self) -> int:
        """The number that stands in the sum by itself."""
        return self.summands[()]

    def term(self) -> Term:
        """The sum as a term, the number last."""
        parts = [_product(monomial, count, self.atoms) for monomial, count in sorted(self.summands.items()) if monomial]
        if self.constant or not parts:
            parts.append(atom(str(self.constant)))
        return _joined("+", parts)

    def plus(self, other: "Polynomial") -> "Polynomial":
        """The sum of both."""
        return Polynomial(self.summands + other.summands, {**self.atoms, **other.atoms})

    def times(self, other: "Polynomial") -> "Polynomial":
        """The product of both."""
        product: Counter[Monomial] = Counter()
        for first, count in self.summands.items():
            for second, number in other.summands.items():
                product[tuple(sorted((*first, *second)))] += count * number
        return Polynomial(product, {**self.atoms, **other.atoms})


def polynomial(term: Term, known: Mapping[str, Polynomial] | None = None) -> Polynomial:
    """What a term computes to; `known` are the values of some atoms."""
    if is_numeral(term) or term.text == "Nat.zero":
        return _number(int(term.text) if is_numeral(term) else 0)
    if term.is_infix("+", "*"):
        left, right = (polynomial(arg, known) for arg in term.args)
        return left.plus(right) if term.text == "+" else left.times(right)
    if term.head == "Nat.succ" and len(term.arguments) == 1:
        return polynomial(term.arguments[0], known).plus(_number(1))
    if term.is_infix("^") and is_numeral(term.args[1]) and int(term.args[1].text) <= _MAX_EXPONENT:
        power = _number(1)
        for _ in range(int(term.args[1].text)):
            power = power.times(polynomial(term.args[0], known))
        return power
    if term.is_infix("^") and (parts := _split_exponent(term.args[1])) is not None:
        base, (rest, number) = term.args[0], parts
        return polynomial(operator("^", base, rest), known).times(polynomial(operator("^", base, number), known))
    key = term.rendered
    if known is not None and key in known:
        return known[key]
    return Polynomial(Counter({(key,): 1}), {key: term})


def solution(left: Term, right: Term, variable: str, equations: Iterable[tuple[str, Term]]) -> Term | None:
    """The value of a variable that makes both sides the same; None if there is none that can be read off.

    `equations` are values of other variables. The variable has to stand on one side alone, in one product.
    """
    known: dict[str, Polynomial] = {}
    for name, value in list(equations) * 2:  # one may speak of another that stands below it
        known[name] = polynomial(value, known)
    for asked, given in ((left, right), (right, left)):
        if variable in given.names or variable not in asked.names:
            continue
        there = polynomial(asked, known)
        around = [monomial for monomial in there.summands if variable in monomial]
        is_inside = any(variable in held.names for key, held in there.atoms.items() if key != variable)
        if is_inside or len(around) != 1 or around[0].count(variable) != 1:
            continue
        times = there.summands[around[0]]
        others = Counter({monomial: count for monomial, count in there.summands.items() if monomial != around[0]})
        rest = polynomial(given, known).minus(Polynomial(others, there.atoms))
        divisor = list(around[0])
        divisor.remove(variable)
        quotient = rest.over(tuple(divisor), times) if rest is not None else None
        if quotient is not None:
            return quotient.term()
    return None


def _split_exponent(exponent: Term) -> tuple[Term, Term] | None:
    """`n` and `1` of an exponent `n + 1` or `Nat.succ n`."""
    if exponent.is_infix("+") and is_numeral(exponent.args[1]) and int(exponent.args[1].text) <= _MAX_EXPONENT:
        return exponent.args[0], exponent.args[1]
    if exponent.head == "Nat.succ" and len(exponent.arguments) == 1:
        return exponent.arguments[0], atom("1")
    return None


def _number(value: int) -> Polynomial:
    return Polynomial(Counter({(): value}) if value else Counter())


def _product(monomial: Monomial, count: int, atoms: Mapping[str, Term]) -> Term:
    factors = [atoms[key] for key in monomial]
    return _joined("*", [atom(str(count)), *factors] if count > 1 else factors)


def _joined(symbol: str, parts: list[Term]) -> Term:
    total = parts[0]
    for part in parts[1:]:
        total = operator(symbol, total, part)
    return total
