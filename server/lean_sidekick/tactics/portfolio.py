"""The portfolio: tactics without arguments that often end a goal or bring it forward, in one table.

Each row says what the tactic costs, how likely it is to help and on which goals it makes sense; both today's names and
those of early Lean 4 stand in it. Costs are by experience with Mathlib loaded. No tactic that ends in `?` (what it
finds is a result, it is none itself), nothing that runs programs.
"""

from collections.abc import Callable, Mapping, Sequence
from enum import Enum

from attrs import frozen

from lean_sidekick.core.candidates import Candidate, Source
from lean_sidekick.core.terms import Shape, Term, subterms
from lean_sidekick.tactics.api import TacticRequest
from lean_sidekick.tactics.dialect import FORM_PROBES, Dialect
from lean_sidekick.tactics.goal_shape import CONNECTIVES, FALSE, ORDERS, GoalShape, is_numeral, read_goal, telescope


class Cost(Enum):
    """How long one check takes, as a rule; RISKY may not end at all and is to be checked alone, last."""

    INSTANT = "under 30 ms"
    FAST = "20 to 300 ms"
    SLOW = "0.1 to 3 s"
    HEAVY = "0.5 to 10 s"
    RISKY = "may not end"


Gate = Callable[[GoalShape], bool]

_LINEAR = frozenset({"Nat", "Int", "Fin", ""})
_ORDERED = frozenset({"Nat", "Int", "Rat", "Real", "NNReal", "ENNReal", "Complex", ""})
_NOT_NUMBERS = frozenset({"List", "Option", "Bool", "Prod", "Array", "String", "Char", "Set", "Finset", "function"})
_ARITHMETIC_SYMBOLS = frozenset({"+", "-", "*", "/", "%", "^", "⁻¹", "•"})


@frozen
class Row:
    """One tactic of the portfolio; `score` is on the scale of `merge`."""

    text: str
    cost: Cost
    score: float
    gate: Gate


def _always(_: GoalShape) -> bool:
    return True


def _has_hypotheses(shape: GoalShape) -> bool:
    return bool(shape.goal.hypotheses)


def _is_equation(shape: GoalShape) -> bool:
    """`rfl` also ends `a ↔ a`, `a ≤ a` and what unfolds to them."""
    return shape.relation not in ("≠", "<", ">") and not shape.target.is_operator("∧", "∨")


def _has_relation(shape: GoalShape) -> bool:
    return bool(shape.relation) or telescope(shape.target)[1] == FALSE


def _is_linear(shape: GoalShape) -> bool:
    """Linear arithmetic over Nat and Int, also where only hypotheses speak of it."""
    if shape.relation in {"=", "≠", "∣"} | ORDERS:
        return shape.carrier in _LINEAR
    return any(_speaks_of_order(statement) for statement in [shape.target, *(one.type for one in shape.proofs)])


def _speaks_of_order(statement: Term) -> bool:
    return any(part.is_operator("=", "≠", "∣", *ORDERS) for part in subterms(statement))


def _is_ordered(shape: GoalShape) -> bool:
    if shape.relation in {"="} | ORDERS:
        return shape.carrier in _ORDERED or shape.carrier not in _NOT_NUMBERS
    return shape.target == FALSE and any(_speaks_of_order(local.type) for local in shape.proofs)


def _is_inequality(shape: GoalShape) -> bool:
    return shape.relation in ORDERS


def _is_ring_equation(shape: GoalShape) -> bool:
    if shape.relation != "=" or shape.carrier in _NOT_NUMBERS:
        return False
    return bool(_ARITHMETIC_SYMBOLS & shape.symbols)


def _has_division(shape: GoalShape) -> bool:
    return shape.relation in {"=", "≠"} | ORDERS and any(s in shape.goal.target for s in (" / ", "⁻¹"))


def _speaks_of_numbers(shape: GoalShape) -> bool:
    has_numeral = any(is_numeral(part) for part in subterms(shape.target))
    return shape.relation != "" and (has_numeral or bool(_ARITHMETIC_SYMBOLS & shape.symbols))


def _bounds_zero(shape: GoalShape) -> bool:
    target = shape.target
    return target.is_operator("<", "≤", ">", "≥", "≠") and any(arg.text == "0" for arg in target.args)


def _is_decidable(shape: GoalShape) -> bool:
    """Without variables and quantifiers; what is left may still be too big to compute."""
    target = shape.target
    return (
        shape.is_closed
        and target.shape is Shape.OPERATOR
        and not any(p.shape is Shape.BINDER for p in subterms(target))
    )


def _is_logical(shape: GoalShape) -> bool:
    """Something for a propositional prover to do."""
    statements = [shape.target, *(local.type for local in shape.proofs)]
    return any(part.is_operator(*CONNECTIVES) for statement in statements for part in subterms(statement))


def _has_branch(shape: GoalShape) -> bool:
    return "if " in shape.goal.target or "match " in shape.goal.target


def _has_casts(shape: GoalShape) -> bool:
    return "↑" in shape.goal.text


def _is_unknown_atom(shape: GoalShape) -> bool:
    """`Continuous f`, `Measurable s`: a class or predicate of the library."""
    head = shape.target.head
    return shape.target.shape in (Shape.APPLICATION, Shape.ATOM) and head not in shape.taken and head[:1].isupper()


def _has_equations(shape: GoalShape) -> bool:
    return any(local.type.is_operator("=") for local in shape.proofs)


ROWS: tuple[Row, ...] = (
    Row("rfl", Cost.INSTANT, -0.9, _is_equation),
    Row("assumption", Cost.INSTANT, -1.0, _has_hypotheses),
    Row("trivial", Cost.INSTANT, -1.3, _always),
    Row("contradiction", Cost.INSTANT, -1.3, _has_hypotheses),
    Row("exact fun h => h", Cost.INSTANT, -3.5, lambda shape: shape.target.is_operator("→")),
    Row("exact Iff.rfl", Cost.INSTANT, -3.0, lambda shape: shape.target.is_operator("↔")),
    Row("infer_instance", Cost.INSTANT, -2.5, _is_unknown_atom),
    Row("inferInstance", Cost.INSTANT, -2.5, _is_unknown_atom),
    Row("subst_vars", Cost.INSTANT, -2.0, _has_equations),
    Row("positivity", Cost.INSTANT, -0.8, _bounds_zero),
    Row("simp", Cost.FAST, -1.5, _always),
    Row("omega", Cost.FAST, -0.8, _is_linear),
    Row("lia", Cost.FAST, -1.2, _is_linear),
    Row("norm_num", Cost.FAST, -1.4, _speaks_of_numbers),
    Row("ring", Cost.FAST, -1.2, _is_ring_equation),
    Row("linarith", Cost.FAST, -1.3, _is_ordered),
    Row("ac_rfl", Cost.FAST, -2.2, _is_ring_equation),
    Row("tauto", Cost.FAST, -1.4, _is_logical),
    Row("itauto", Cost.FAST, -3.5, _is_logical),
    Row("split", Cost.FAST, -1.5, _has_branch),
    Row("split_ifs", Cost.FAST, -1.7, _has_branch),
    Row("gcongr", Cost.FAST, -1.9, _is_inequality),
    Row("fun_prop", Cost.FAST, -2.0, _is_unknown_atom),
    Row("abel", Cost.FAST, -2.6, _is_ring_equation),
    Row("push_cast", Cost.FAST, -2.4, _has_casts),
    Row("norm_cast", Cost.FAST, -2.4, _has_casts),
    Row("simp at *", Cost.FAST, -3.4, _has_hypotheses),
    Row("push_neg", Cost.FAST, -2.8, lambda shape: shape.target.is_operator("¬")),
    Row("simp_all", Cost.SLOW, -1.6, _has_hypotheses),
    Row("grind", Cost.SLOW, -1.2, _always),
    Row("aesop", Cost.SLOW, -1.6, _always),
    Row("norm_num [*]", Cost.SLOW, -2.2, lambda shape: _speaks_of_numbers(shape) and bool(shape.proofs)),
    Row("ring_nf", Cost.SLOW, -3.0, _is_ring_equation),
    Row("field_simp", Cost.SLOW, -2.0, _has_division),
    Row("bound", Cost.SLOW, -2.2, _is_inequality),
    Row("order", Cost.SLOW, -2.4, lambda shape: _has_relation(shape) and bool(shape.proofs)),
    Row("nlinarith", Cost.HEAVY, -1.9, _is_ordered),
    Row("simp +arith", Cost.SLOW, -2.6, _is_linear),
    Row("simp_arith", Cost.SLOW, -2.6, _is_linear),
    Row("solve_by_elim", Cost.SLOW, -2.8, lambda shape: len(shape.proofs) > 1),
    Row("decide", Cost.RISKY, -0.9, _is_decidable),
)
_BY_TEXT: Mapping[str, Row] = {row.text: row for row in ROWS}


def probe_texts() -> tuple[str, ...]:
    """The tactic texts to ask a toolchain for: those of the table, and those that decide between forms."""
    return tuple(dict.fromkeys([*(row.text for row in ROWS), *FORM_PROBES]))


def row_of(text: str) -> Row | None:
    """The row of a tactic text."""
    return _BY_TEXT.get(text)


class Portfolio:
    """The table as a generator: the rows that suit the goal and that the toolchain has."""

    async def generate(self, request: TacticRequest) -> Sequence[Candidate]:
        """Rows for the goal, likeliest first."""
        return portfolio_candidates(read_goal(request.goal), Dialect(request.known_tactics))


def portfolio_candidates(shape: GoalShape, dialect: Dialect) -> list[Candidate]:
    """The rows that suit the goal and that the toolchain has, likeliest first."""
    rows = [row for row in ROWS if dialect.has(row.text) and row.gate(shape)]
    rows.sort(key=lambda row: -row.score)
    return [Candidate(text=row.text, source=Source.PORTFOLIO, score=row.score) for row in rows]
