"""A small table of general lemmas of the core library, with today's name and that of early Lean 4 where they differ.

Each line is `names | binders : statement`. It stands in for a premise retriever where there is none: arithmetic and
order on `Nat`, lists, booleans and logic, chosen for what proofs need everywhere. Which names a toolchain has is
learned with `probe_names`. No Mathlib names: there `exact?`, `simp` and the arithmetic tactics do better.
"""

from collections.abc import Container
from functools import lru_cache

from lean_sidekick.core.term_reader import read_binders
from lean_sidekick.tactics.dialect import Dialect, name_probe
from lean_sidekick.tactics.lemma import Lemma

_TABLE = """
Nat.add_comm | (n m : Nat) : n + m = m + n
Nat.add_assoc | (n m k : Nat) : n + m + k = n + (m + k)
Nat.add_left_comm | (n m k : Nat) : n + (m + k) = m + (n + k)
Nat.add_right_comm | (n m k : Nat) : n + m + k = n + k + m
Nat.add_zero | (n : Nat) : n + 0 = n
Nat.zero_add | (n : Nat) : 0 + n = n
Nat.add_succ | (n m : Nat) : n + Nat.succ m = Nat.succ (n + m)
Nat.succ_add | (n m : Nat) : Nat.succ n + m = Nat.succ (n + m)
Nat.add_one | (n : Nat) : n + 1 = Nat.succ n
Nat.succ_eq_add_one Nat.succ_Eq_add_one | (n : Nat) : Nat.succ n = n + 1
Nat.zero_eq Nat.natZeroEqZero | : Nat.zero = 0
Nat.one_add | (n : Nat) : 1 + n = Nat.succ n
Nat.mul_comm | (n m : Nat) : n * m = m * n
Nat.mul_assoc | (n m k : Nat) : n * m * k = n * (m * k)
Nat.mul_left_comm | (n m k : Nat) : n * (m * k) = m * (n * k)
Nat.mul_right_comm | (n m k : Nat) : n * m * k = n * k * m
Nat.mul_one | (n : Nat) : n * 1 = n
Nat.one_mul | (n : Nat) : 1 * n = n
Nat.mul_zero | (n : Nat) : n * 0 = 0
Nat.zero_mul | (n : Nat) : 0 * n = 0
Nat.mul_succ | (n m : Nat) : n * Nat.succ m = n * m + n
Nat.succ_mul | (n m : Nat) : Nat.succ n * m = n * m + m
Nat.left_distrib | (n m k : Nat) : n * (m + k) = n * m + n * k
Nat.right_distrib | (n m k : Nat) : (n + m) * k = n * k + m * k
Nat.two_mul | (n : Nat) : 2 * n = n + n
Nat.pow_succ Nat.powSucc | (n m : Nat) : n ^ Nat.succ m = n ^ m * n
Nat.pow_zero Nat.powZero | (n : Nat) : n ^ 0 = 1
Nat.pow_add | (a m n : Nat) : a ^ (m + n) = a ^ m * a ^ n
Nat.mul_pow | (a b n : Nat) : (a * b) ^ n = a ^ n * b ^ n
Nat.one_pow | (n : Nat) : 1 ^ n = 1
Nat.sub_self | (n : Nat) : n - n = 0
Nat.sub_zero | (n : Nat) : n - 0 = n
Nat.zero_sub | (n : Nat) : 0 - n = 0
Nat.sub_succ | (n m : Nat) : n - Nat.succ m = Nat.pred (n - m)
Nat.succ_sub_succ_eq_sub | (n m : Nat) : Nat.succ n - Nat.succ m = n - m
Nat.add_sub_cancel | {n m : Nat} : n + m - m = n
Nat.add_sub_cancel_left | {n m : Nat} : n + m - n = m
Nat.sub_sub | (n m k : Nat) : n - m - k = n - (m + k)
Nat.sub_add_cancel | {n m : Nat} : m ≤ n → n - m + m = n
Nat.add_sub_of_le | {n m : Nat} : n ≤ m → n + (m - n) = m
Nat.pred_succ | (n : Nat) : Nat.pred (Nat.succ n) = n
Nat.succ_pred | {n : Nat} : n ≠ 0 → Nat.succ (Nat.pred n) = n
Nat.mod_self | (n : Nat) : n % n = 0
Nat.mod_zero | (n : Nat) : n % 0 = n
Nat.zero_mod | (n : Nat) : 0 % n = 0
Nat.mod_one | (n : Nat) : n % 1 = 0
Nat.mod_eq_of_lt | {a b : Nat} : a < b → a % b = a
Nat.mod_eq_sub_mod | {a b : Nat} : a ≥ b → a % b = (a - b) % b
Nat.mod_lt | (x : Nat) {y : Nat} : y > 0 → x % y < y
Nat.mod_le | (x y : Nat) : x % y ≤ x
Nat.add_mod_right | (x z : Nat) : (x + z) % z = x % z
Nat.gcd_self | (n : Nat) : Nat.gcd n n = n
Nat.gcd_zero_left | (n : Nat) : Nat.gcd 0 n = n
Nat.gcd_zero_right | (n : Nat) : Nat.gcd n 0 = n
Nat.le_refl Nat.leRefl | (n : Nat) : n ≤ n
Nat.le_of_eq Nat.leOfEq | {n m : Nat} : n = m → n ≤ m
Nat.le_trans Nat.leTrans | {n m k : Nat} : n ≤ m → m ≤ k → n ≤ k
Nat.le_antisymm Nat.leAntisymm | {n m : Nat} : n ≤ m → m ≤ n → n = m
Nat.le_total Nat.leTotal | (m n : Nat) : m ≤ n ∨ n ≤ m
Nat.lt_or_ge Nat.ltOrGe | (n m : Nat) : n < m ∨ n ≥ m
Nat.zero_le Nat.zeroLe | (n : Nat) : 0 ≤ n
Nat.le_succ Nat.leSucc | (n : Nat) : n ≤ Nat.succ n
Nat.le_add_right Nat.leAddRight | (n k : Nat) : n ≤ n + k
Nat.le_add_left Nat.leAddLeft | (n m : Nat) : n ≤ m + n
Nat.le_step Nat.leStep | {n m : Nat} : n ≤ m → n ≤ Nat.succ m
Nat.le_of_lt Nat.leOfLt | {n m : Nat} : n < m → n ≤ m
Nat.le_of_lt_succ Nat.leOfLtSucc | {m n : Nat} : m < Nat.succ n → m ≤ n
Nat.le_of_succ_le Nat.leOfSuccLe | {n m : Nat} : Nat.succ n ≤ m → n ≤ m
Nat.le_of_succ_le_succ Nat.leOfSuccLeSucc | {n m : Nat} : Nat.succ n ≤ Nat.succ m → n ≤ m
Nat.succ_le_succ Nat.succLeSucc | {n m : Nat} : n ≤ m → Nat.succ n ≤ Nat.succ m
Nat.succ_le_of_lt Nat.succLeOfLt | {n m : Nat} : n < m → Nat.succ n ≤ m
Nat.lt_of_succ_le Nat.ltOfSuccLe | {n m : Nat} : Nat.succ n ≤ m → n < m
Nat.lt_succ_of_le | {n m : Nat} : n ≤ m → n < Nat.succ m
Nat.lt_succ_self Nat.ltSuccSelf | (n : Nat) : n < Nat.succ n
Nat.zero_lt_succ Nat.zeroLtSucc | (n : Nat) : 0 < Nat.succ n
Nat.lt_irrefl Nat.ltIrrefl | (n : Nat) : ¬n < n
Nat.lt_trans Nat.ltTrans | {n m k : Nat} : n < m → m < k → n < k
Nat.lt_of_lt_of_le Nat.ltOfLtOfLe | {n m k : Nat} : n < m → m ≤ k → n < k
Nat.lt_of_le_of_lt Nat.ltOfLeOfLt | {n m k : Nat} : n ≤ m → m < k → n < k
Nat.lt_of_le_of_ne Nat.ltOfLeOfNe | {n m : Nat} : n ≤ m → ¬n = m → n < m
Nat.lt_of_succ_lt_succ | {n m : Nat} : Nat.succ n < Nat.succ m → n < m
Nat.succ_lt_succ | {n m : Nat} : n < m → Nat.succ n < Nat.succ m
Nat.eq_or_lt_of_le Nat.eqOrLtOfLe | {n m : Nat} : n ≤ m → n = m ∨ n < m
Nat.eq_zero_of_le_zero Nat.eqZeroOfLeZero | {n : Nat} : n ≤ 0 → n = 0
Nat.eq_zero_or_pos Nat.eqZeroOrPos | (n : Nat) : n = 0 ∨ n > 0
Nat.pos_of_ne_zero | {n : Nat} : n ≠ 0 → 0 < n
Nat.not_lt_zero Nat.notLtZero | (n : Nat) : ¬n < 0
Nat.not_succ_le_zero Nat.notSuccLeZero | (n : Nat) : Nat.succ n ≤ 0 → False
Nat.not_succ_le_self Nat.notSuccLeSelf | (n : Nat) : ¬Nat.succ n ≤ n
Nat.not_le_of_gt Nat.notLeOfGt | {n m : Nat} : n > m → ¬n ≤ m
Nat.gt_of_not_le Nat.gtOfNotLe | {n m : Nat} : ¬n ≤ m → n > m
Nat.succ_ne_zero Nat.succNeZero | (n : Nat) : Nat.succ n ≠ 0
Nat.succ.inj | {n m : Nat} : Nat.succ n = Nat.succ m → n = m
Nat.le.dest | {n m : Nat} : n ≤ m → ∃ k, n + k = m
Nat.le.intro | {n m k : Nat} : n + k = m → n ≤ m
Nat.add_left_cancel | {n m k : Nat} : n + m = n + k → m = k
Nat.add_right_cancel | {n m k : Nat} : n + m = k + m → n = k
Nat.add_le_add Nat.addLeAdd | {a b c d : Nat} : a ≤ b → c ≤ d → a + c ≤ b + d
Nat.add_le_add_left Nat.addLeAddLeft | {n m : Nat} : n ≤ m → ∀ (k : Nat), k + n ≤ k + m
Nat.add_le_add_right Nat.addLeAddRight | {n m : Nat} : n ≤ m → ∀ (k : Nat), n + k ≤ m + k
Nat.add_lt_add Nat.addLtAdd | {a b c d : Nat} : a < b → c < d → a + c < b + d
Nat.add_lt_add_left Nat.addLtAddLeft | {n m : Nat} : n < m → ∀ (k : Nat), k + n < k + m
Nat.add_lt_add_right Nat.addLtAddRight | {n m : Nat} : n < m → ∀ (k : Nat), n + k < m + k
Nat.mul_le_mul Nat.mulLeMul | {p q m n : Nat} : p ≤ m → q ≤ n → p * q ≤ m * n
Nat.mul_le_mul_left Nat.mulLeMulLeft | {m n : Nat} (k : Nat) : m ≤ n → k * m ≤ k * n
Nat.mul_le_mul_right Nat.mulLeMulRight | {m n : Nat} (k : Nat) : m ≤ n → m * k ≤ n * k
Nat.mul_lt_mul_of_pos_left Nat.mulLtMulOfPosLeft | {n m k : Nat} : n < m → k > 0 → k * n < k * m
Nat.mul_lt_mul_of_pos_right Nat.mulLtMulOfPosRight | {n m k : Nat} : n < m → k > 0 → n * k < m * k
Nat.mul_pos Nat.mulPos | {n m : Nat} : n > 0 → m > 0 → n * m > 0
Nat.sub_le Nat.subLe | (n m : Nat) : n - m ≤ n
Nat.sub_lt Nat.subLt | {n m : Nat} : 0 < n → 0 < m → n - m < n
Nat.pred_le Nat.predLe | (n : Nat) : Nat.pred n ≤ n
Nat.pred_lt Nat.predLt | {n : Nat} : n ≠ 0 → Nat.pred n < n
Nat.pred_le_pred Nat.predLePred | {n m : Nat} : n ≤ m → Nat.pred n ≤ Nat.pred m
Nat.pos_pow_of_pos Nat.posPowOfPos | {n : Nat} (m : Nat) : 0 < n → 0 < n ^ m
Nat.pow_le_pow_left Nat.powLePowOfLeLeft | {n m : Nat} : n ≤ m → ∀ (i : Nat), n ^ i ≤ m ^ i
Nat.pow_le_pow_right Nat.powLePowOfLeRight | {n : Nat} : n > 0 → ∀ {i j : Nat}, i ≤ j → n ^ i ≤ n ^ j
List.append_assoc | (as bs cs : List α) : as ++ bs ++ cs = as ++ (bs ++ cs)
List.append_nil | (as : List α) : as ++ [] = as
List.nil_append | (as : List α) : [] ++ as = as
List.cons_append | (a : α) (as bs : List α) : a :: as ++ bs = a :: (as ++ bs)
List.length_cons | (a : α) (as : List α) : List.length (a :: as) = Nat.succ (List.length as)
List.length_append | (as bs : List α) : List.length (as ++ bs) = List.length as + List.length bs
List.length_map | (f : α → β) (as : List α) : List.length (List.map f as) = List.length as
List.length_reverse | (as : List α) : List.length (List.reverse as) = List.length as
List.length_replicate | (n : Nat) (a : α) : List.length (List.replicate n a) = n
List.map_append | (f : α → β) (as bs : List α) : List.map f (as ++ bs) = List.map f as ++ List.map f bs
List.map_map | (f : α → β) (g : β → γ) (as : List α) : List.map g (List.map f as) = List.map (g ∘ f) as
List.reverse_append | (as bs : List α) : List.reverse (as ++ bs) = List.reverse bs ++ List.reverse as
List.reverse_reverse | (as : List α) : List.reverse (List.reverse as) = as
List.length_concat | (as : List α) (a : α) : List.length (List.concat as a) = List.length as + 1
List.length_set | (as : List α) (i : Nat) (a : α) : List.length (List.set as i a) = List.length as
List.length_dropLast | (as : List α) : List.length (List.dropLast as) = List.length as - 1
List.reverse_cons | (a : α) (as : List α) : List.reverse (a :: as) = List.reverse as ++ [a]
Option.some.inj | {a b : α} : some a = some b → a = b
Bool.and_eq_true | (a b : Bool) : (a && b) = true ↔ a = true ∧ b = true
Bool.or_eq_true | (a b : Bool) : (a || b) = true ↔ a = true ∨ b = true
Bool.and_comm | (a b : Bool) : (a && b) = (b && a)
Bool.or_comm | (a b : Bool) : (a || b) = (b || a)
Bool.not_not | (a : Bool) : (!!a) = a
eq_false_of_ne_true eqFalseOfNeTrue | {b : Bool} : ¬b = true → b = false
eq_true_of_ne_false eqTrueOfNeFalse | {b : Bool} : ¬b = false → b = true
Classical.em | (p : Prop) : p ∨ ¬p
Classical.axiomOfChoice | {r : α → β → Prop} : (∀ x, ∃ y, r x y) → ∃ f, ∀ x, r x (f x)
Classical.skolem | {p : α → β → Prop} : (∀ x, ∃ y, p x y) ↔ ∃ f, ∀ x, p x (f x)
Classical.propComplete | (a : Prop) : a = True ∨ a = False
eq_true eqTrue | {p : Prop} : p → p = True
eq_false eqFalse | {p : Prop} : ¬p → p = False
propext | {p q : Prop} : (p ↔ q) → p = q
funext | {f g : α → β} : (∀ x, f x = g x) → f = g
"""


@lru_cache(maxsize=1)
def _table() -> tuple[Lemma, ...]:
    """One lemma for each spelling."""
    lemmas = []
    for line in _TABLE.strip().split("\n"):
        names, _, signature = line.partition(" | ")
        statement = read_binders(signature)
        if statement is None:
            raise ValueError(f"the lemma table has a line that cannot be read: {line}")
        lemmas += [Lemma.of(name, statement) for name in names.split()]
    return tuple(lemmas)


def table_names() -> tuple[str, ...]:
    """The names in the table, in all spellings."""
    return tuple(lemma.name for lemma in _table())


def probe_names() -> tuple[str, ...]:
    """The tactic texts that tell which names of the table a toolchain has."""
    return tuple(name_probe(lemma.name) for lemma in _table())


def core_lemmas(dialect: Dialect, names: Container[str] | None = None) -> tuple[Lemma, ...]:
    """The lemmas of the table that may be used, of the `names` alone if there are any.

    While nothing is known these are all spellings of all of them.
    """
    return tuple(lemma for lemma in _table() if (names is None or lemma.name in names) and dialect.has_name(lemma.name))
