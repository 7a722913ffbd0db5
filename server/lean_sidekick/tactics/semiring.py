"""Equations of commutative semirings, proved by one `rw` with every step spelt out.

For `Nat` (and `Int`) where `ring` is not there and `omega` does not multiply: the module rewrites the target as Lean
would, step by step, to sums of sorted products, and offers the list of steps if both sides come out the same. Each step
names the lemma with its arguments, so that nothing is left to matching and no order of terms can make it loop.
Equations among the hypotheses, an induction hypothesis above all, are used where their left side turns up. A step
whose lemma the toolchain lacks is not taken. Pure.
"""

from collections.abc import Callable, Iterator, Sequence

from attrs import define, field, frozen

from lean_sidekick.core.candidates import Candidate, Source
from lean_sidekick.core.scanner import words
from lean_sidekick.core.terms import BinderKind, Shape, Term, application, atom, operator, replace, subterms
from lean_sidekick.tactics.api import TacticRequest
from lean_sidekick.tactics.dialect import Dialect
from lean_sidekick.tactics.goal_shape import GoalShape, Local, is_numeral, plain_type, read_goal, type_of
from lean_sidekick.tactics.rewriting import Equation, equation_of, is_settled, rewrites
from lean_sidekick.tactics.sequents import open_statement

_MAX_STEPS = 60
_MAX_LENGTH = 2500
_MAX_TARGET = 300
_MAX_UNFOLDED = 4
_MAX_USES = 3
_ZERO, _ONE = atom("0"), atom("1")
_CARRIERS = ("Nat", "Int")
_LEMMAS = tuple(
    words("""
    add_assoc add_comm add_left_comm add_one add_succ add_zero zero_add mul_assoc mul_comm mul_left_comm mul_one
    one_mul mul_zero zero_mul mul_succ succ_mul left_distrib mul_add right_distrib add_mul pow_succ powSucc pow_zero
    powZero succ_eq_add_one succ_Eq_add_one zero_eq natZeroEqZero
    """)
)


@frozen
class _Step:
    """One rewrite: lemma texts, and what they turn into what."""

    texts: tuple[str, ...]
    old: Term
    new: Term


def lemma_names() -> tuple[str, ...]:
    """All lemma names that steps may use, in all spellings."""
    return tuple(f"{carrier}.{name}" for carrier in _CARRIERS for name in _LEMMAS)


class SemiringEquations:
    """Chains of rewrites as a generator of at most one candidate."""

    async def generate(self, request: TacticRequest) -> Sequence[Candidate]:
        """One `rw`, or a hypothesis up to one."""
        return semiring_candidates(read_goal(request.goal), Dialect(request.known_tactics))


def semiring_candidates(shape: GoalShape, dialect: Dialect) -> list[Candidate]:
    """One `rw` that ends the goal, or a hypothesis that says the same up to such an equation."""
    if len(shape.target.rendered) > _MAX_TARGET:
        return []
    if shape.target.is_operator("="):
        text = _proved(shape, dialect)
    else:
        text = next((text for local in shape.proofs if (text := _transported(local, shape, dialect)) is not None), None)
    if text is None or len(text) > _MAX_LENGTH:
        return []
    return [Candidate(text=text, source=Source.PORTFOLIO, score=-0.3 - len(text) / 600)]


def proved_by_rewriting(equation: Term, carrier: str, dialect: Dialect) -> str | None:
    """One `rw` that ends an equation of these numbers; None if none was found."""
    chain = _Chain(target=equation, lemmas=_Lemmas(carrier, dialect), equations=())
    if not chain.settle():
        return None
    return f"rw [{', '.join(chain.texts)}]" if chain.texts else "rfl"


def _proved(shape: GoalShape, dialect: Dialect) -> str | None:
    if shape.carrier not in _CARRIERS:
        return None
    lemmas = _Lemmas(shape.carrier, dialect)
    known = [(local.name, used) for local in shape.proofs if (used := _usable_equation(local)) is not None]
    for equations in ([], known) if known else ([],):
        chain = _Chain(target=shape.target, lemmas=lemmas, equations=equations)
        if chain.settle() and chain.texts:
            return f"rw [{', '.join(chain.texts)}]"
    return None


def _transported(local: Local, shape: GoalShape, dialect: Dialect) -> str | None:
    """`h` where it says the same as the target but for one number that is written in another way."""
    pair = _difference(local.type, shape.target)
    if pair is None:
        return None
    there, here = pair
    kind = type_of(there, shape.types) or type_of(here, shape.types)
    if kind is None or plain_type(kind) not in _CARRIERS:
        return None
    equation = operator("=", there, here)
    chain = _Chain(target=equation, lemmas=_Lemmas(plain_type(kind), dialect), equations=())
    if not chain.settle() or not chain.texts:
        return None
    return f"exact (by rw [{', '.join(chain.texts)}] : {equation.rendered}) ▸ {local.name}"


def _difference(left: Term, right: Term) -> tuple[Term, Term] | None:
    """The one place where two statements differ, a number with an operation in it; None if there is no such place."""
    if left.shape is not right.shape or left.text != right.text or len(left.args) != len(right.args):
        return (left, right) if left.is_operator("+", "*", "^") or right.is_operator("+", "*", "^") else None
    places = [(a, b) for a, b in zip(left.args, right.args, strict=True) if a != b]
    if left.is_operator("+", "*", "^"):
        return (left, right) if places else None
    return _difference(*places[0]) if len(places) == 1 and left.shape is not Shape.BINDER else None


def _usable_equation(local: Local) -> Equation | None:
    """An equation that rewrites to something else by its left side, such as an induction hypothesis."""
    equation = equation_of(local.type)
    if equation is None or equation.premises or not equation.variables <= equation.left.names:
        return None
    if any(argument.kind is not BinderKind.EXPLICIT for argument in open_statement(local.type)[0]):
        return None
    is_growing = equation.left in tuple(subterms(equation.right)) or is_numeral(equation.left)
    return None if is_growing else equation


@frozen
class _Lemmas:
    """Lemma names of one carrier, as far as the toolchain has them."""

    carrier: str
    dialect: Dialect

    def name(self, *spellings: str) -> str | None:
        """The first spelling that may be used, with the carrier before it."""
        names = (f"{self.carrier}.{spelling}" for spelling in spellings)
        return next((name for name in names if self.dialect.has_name(name)), None)


@define(kw_only=True)
class _Chain:
    """The target on its way to a normal form, with the steps taken."""

    target: Term
    lemmas: _Lemmas
    equations: Sequence[tuple[str, Equation]]
    texts: list[str] = field(factory=list)

    def settle(self) -> bool:
        """Rewrites until both sides are the same, or nothing applies."""
        for _ in range(_MAX_STEPS):
            if is_settled(self.target):
                return True
            step = self._next()
            if step is None:
                return _are_same_numbers(self.target)
            rewritten = replace(self.target, step.old, step.new)
            if rewritten == self.target:
                return False
            self.target = rewritten
            self.texts += step.texts
        return False

    def _next(self) -> _Step | None:
        for name, equation in self.equations:
            if sum(text.split(" ", 1)[0] == name for text in self.texts) >= _MAX_USES:
                continue
            for done in rewrites(equation, self.target):
                # An instance that brings itself back (`f 0 = 0 + f 0`) would be taken again and again.
                if done.instance not in tuple(subterms(done.replacement)):
                    values = [done.values[variable] for variable in sorted(equation.variables)]
                    return _Step((" ".join([name, *map(_argument, values)]),), done.instance, done.replacement)
        for rule in _RULES:
            for part in subterms(self.target):
                step = rule(part, self.lemmas)
                if step is not None:
                    return step
        return None


_Rule = Callable[[Term, _Lemmas], _Step | None]


def _step(name: str | None, arguments: Sequence[Term], old: Term, new: Term) -> _Step | None:
    if name is None or old == new:
        return None
    return _Step((" ".join([name, *map(_argument, arguments)]),), old, new)


def _argument(term: Term) -> str:
    text = term.rendered
    return text if " " not in text and not text.startswith(("¬", "-")) else f"({text})"


def _plus(left: Term, right: Term) -> Term:
    return operator("+", left, right)


def _times(left: Term, right: Term) -> Term:
    return operator("*", left, right)


def _successor(part: Term, lemmas: _Lemmas) -> _Step | None:
    if part.text == "Nat.zero":
        return _step(lemmas.name("zero_eq", "natZeroEqZero"), [], part, _ZERO)
    if part.shape is Shape.APPLICATION and part.head == "Nat.succ" and len(part.args) == 2:
        inner = part.args[1]
        return _step(lemmas.name("succ_eq_add_one", "succ_Eq_add_one"), [inner], part, _plus(inner, _ONE))
    return None


def _unit(part: Term, lemmas: _Lemmas) -> _Step | None:
    if not part.is_operator("+", "*"):
        return None
    left, right = part.args
    if part.text == "+":
        if right == _ZERO:
            return _step(lemmas.name("add_zero"), [left], part, left)
        return _step(lemmas.name("zero_add"), [right], part, right) if left == _ZERO else None
    for side, other, names in ((right, left, ("mul_zero", "mul_one")), (left, right, ("zero_mul", "one_mul"))):
        if side == _ZERO:
            return _step(lemmas.name(names[0]), [other], part, _ZERO)
        if side == _ONE:
            return _step(lemmas.name(names[1]), [other], part, other)
    return None


def _power(part: Term, lemmas: _Lemmas) -> _Step | None:
    if not part.is_operator("^"):
        return None
    base, exponent = part.args
    if exponent == _ZERO:
        return _step(lemmas.name("pow_zero", "powZero"), [base], part, _ONE)
    lower = _predecessor(exponent)
    if lower is not None and (lower.shape is Shape.ATOM or exponent.head == "Nat.succ"):
        new = _times(operator("^", base, lower), base)
        return _step(lemmas.name("pow_succ", "powSucc"), [base, lower], part, new)
    # The lemma fits `Nat.succ t` alone where `t` is no variable, so the exponent is brought to that form first.
    if lemmas.carrier != "Nat" or not exponent.is_operator("+"):
        return None
    first, last = exponent.args
    if last == _ONE:
        return _step(lemmas.name("add_one"), [first], exponent, _succ(first))
    lower = _predecessor(last)
    if lower is not None and not is_numeral(last):
        return _step(lemmas.name("add_succ"), [first, lower], exponent, _succ(_plus(first, lower)))
    return None


def _succ(term: Term) -> Term:
    return application(atom("Nat.succ"), [term])


def _predecessor(term: Term) -> Term | None:
    if term.is_operator("+") and term.args[1] == _ONE:
        return term.args[0]
    if term.shape is Shape.APPLICATION and term.head == "Nat.succ" and len(term.args) == 2:
        return term.args[1]
    if is_numeral(term) and 1 <= int(term.text) <= _MAX_UNFOLDED:
        return atom(str(int(term.text) - 1))
    return None


def _multiple(part: Term, lemmas: _Lemmas) -> _Step | None:
    """`2 * x` as `1 * x + x`; only for `Nat`, whose numerals are successors."""
    if not part.is_operator("*") or lemmas.carrier != "Nat":
        return None
    left, right = part.args
    if is_numeral(left) and not is_numeral(right) and 2 <= int(left.text) <= _MAX_UNFOLDED:
        fewer = atom(str(int(left.text) - 1))
        return _step(lemmas.name("succ_mul"), [fewer, right], part, _plus(_times(fewer, right), right))
    if is_numeral(right) and not is_numeral(left) and 2 <= int(right.text) <= _MAX_UNFOLDED:
        fewer = atom(str(int(right.text) - 1))
        return _step(lemmas.name("mul_succ"), [left, fewer], part, _plus(_times(left, fewer), left))
    return None


def _distribution(part: Term, lemmas: _Lemmas) -> _Step | None:
    if not part.is_operator("*"):
        return None
    left, right = part.args
    if right.is_operator("+"):
        first, last = right.args
        new = _plus(_times(left, first), _times(left, last))
        return _step(lemmas.name("left_distrib", "mul_add"), [left, first, last], part, new)
    if left.is_operator("+"):
        first, last = left.args
        new = _plus(_times(first, right), _times(last, right))
        return _step(lemmas.name("right_distrib", "add_mul"), [first, last, right], part, new)
    return None


def _association(part: Term, lemmas: _Lemmas) -> _Step | None:
    if part.is_operator("+", "*") and part.args[0].is_operator(part.text):
        (first, second), third = part.args[0].args, part.args[1]
        new = operator(part.text, first, operator(part.text, second, third))
        name = lemmas.name("add_assoc" if part.text == "+" else "mul_assoc")
        return _step(name, [first, second, third], part, new)
    return None


def _order(symbol: str, word: str) -> _Rule:
    """Sorts right-nested sums or products by swapping neighbours."""

    def rule(part: Term, lemmas: _Lemmas) -> _Step | None:
        if not part.is_operator(symbol) or part.args[0].is_operator(symbol):
            return None
        left, right = part.args
        if not right.is_operator(symbol):
            if _rank(left) <= _rank(right):
                return None
            return _step(lemmas.name(f"{word}_comm"), [left, right], part, operator(symbol, right, left))
        second, rest = right.args
        if _rank(left) <= _rank(second):
            return None
        new = operator(symbol, second, operator(symbol, left, rest))
        direct = lemmas.name(f"{word}_left_comm")
        if direct is not None:
            return _step(direct, [left, second, rest], part, new)
        associate, swap = lemmas.name(f"{word}_assoc"), lemmas.name(f"{word}_comm")
        if associate is None or swap is None:
            return None
        a, b, c = _argument(left), _argument(second), _argument(rest)
        return _Step((f"← {associate} {a} {b} {c}", f"{swap} {a} {b}", f"{associate} {b} {a} {c}"), part, new)

    return rule


def _rank(term: Term) -> tuple[bool, str]:
    """The order of atoms and products: numbers last."""
    return is_numeral(term), term.rendered


# Exponents while successors still show, distribution before sorting, products before sums.
_RULES: tuple[_Rule, ...] = (
    _power,
    _successor,
    _unit,
    _distribution,
    _multiple,
    _association,
    _order("*", "mul"),
    _order("+", "add"),
)


def _are_same_numbers(target: Term) -> bool:
    """Whether the sides differ only in sums of numerals at their ends, which `rfl` sees through."""
    (left, left_sum), (right, right_sum) = (_split_number(side) for side in target.args)
    return [t.alpha_key for t in left] == [t.alpha_key for t in right] and left_sum == right_sum


def _split_number(term: Term) -> tuple[list[Term], int]:
    parts = [*_summands(term)]
    return [p for p in parts if not is_numeral(p)], sum(int(p.text) for p in parts if is_numeral(p))


def _summands(term: Term) -> Iterator[Term]:
    while term.is_operator("+"):
        yield term.args[0]
        term = term.args[1]
    yield term
