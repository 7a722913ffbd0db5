"""The facts of `early_facts`: statements with proofs that the Lean of July 2021 takes, the lemmas of which came later.

`α` and `β` stand for types of the goal. A proof may use the facts that `needs` names, which then stand before it.
"""

from attrs import frozen


@frozen
class WrittenFact:
    """A statement under the name that its lemma has in later libraries, with its proof."""

    lemma: str
    statement: str
    proof: str
    needs: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """What the `have` is called."""
        return self.lemma.rpartition(".")[2]


def _on_lists(names: str, nil: str, cons: str) -> str:
    return f"intro {names}\ninduction as with\n| nil => {nil}\n| cons a as ih => {cons}"


def _on_numbers(names: str, number: str, zero: str, succ: str) -> str:
    return f"intro {names}\ninduction {number} with\n| zero => {zero}\n| succ {number} ih => {succ}"


_UNFOLDED = (
    "simp [List.reverse, HAppend.hAppend, Append.append, List.append, List.reverseAux_reverseAux_nil, List.reverseAux]"
)
_WITH_ACCUMULATOR = """\
intro {names}
have h : ∀ (as bs : List α), {statement} := by
  intro as
  induction as with
  | nil => intro bs; {nil}
  | cons a as ih => intro bs; {cons}
exact h as []"""
_FILTER = """\
intro p a as
have h : ∀ as bs, List.filterAux p as bs = List.reverseAux bs (List.filterAux p as []) := by
  intro as
  induction as with
  | nil => intro bs; simp [List.filterAux, List.reverse, List.reverseAux]
  | cons a as ih =>
    intro bs
    simp only [List.filterAux]
    cases p a with
    | false => exact ih bs
    | true => simp [ih (a :: bs), ih [a], List.reverseAux]
simp only [List.filter, List.filterAux]
cases p a with
| false => rfl
| true => simp [h as [a], List.reverseAux]"""

FACTS: tuple[WrittenFact, ...] = (
    WrittenFact(
        "List.length_append",
        "∀ (as bs : List α), List.length (as ++ bs) = List.length as + List.length bs",
        _on_lists("as bs", "simp", "simp [ih, Nat.succ_add]"),
    ),
    WrittenFact(
        "List.reverse_cons",
        "∀ (a : α) (as : List α), List.reverse (a :: as) = List.reverse as ++ [a]",
        f"intro a as\n{_UNFOLDED}",
    ),
    WrittenFact(
        "List.reverse_append",
        "∀ (as bs : List α), List.reverse (as ++ bs) = List.reverse bs ++ List.reverse as",
        f"intro as bs\n{_UNFOLDED}",
    ),
    WrittenFact(
        "List.reverse_reverse",
        "∀ (as : List α), List.reverse (List.reverse as) = as",
        "intro as\nsimp [List.reverse, List.reverseAux_reverseAux_nil, List.reverseAux]",
    ),
    WrittenFact(
        "List.length_reverse",
        "∀ (as : List α), List.length (List.reverse as) = List.length as",
        _WITH_ACCUMULATOR.format(
            names="as",
            statement="List.length (List.reverseAux as bs) = List.length as + List.length bs",
            nil="simp [List.reverseAux]",
            cons="simp [List.reverseAux, ih, Nat.succ_add, Nat.add_succ]",
        ),
    ),
    WrittenFact(
        "List.map_append",
        "∀ (f : α → β) (as bs : List α), List.map f (as ++ bs) = List.map f as ++ List.map f bs",
        _on_lists("f as bs", "rfl", "simp [List.map, ih]"),
    ),
    WrittenFact(
        "List.map_reverse",
        "∀ (f : α → β) (as : List α), List.map f (List.reverse as) = List.reverse (List.map f as)",
        _WITH_ACCUMULATOR.format(
            names="f as",
            statement="List.map f (List.reverseAux as bs) = List.reverseAux (List.map f as) (List.map f bs)",
            nil="rfl",
            cons="simp [List.reverseAux, List.map, ih]",
        ),
    ),
    WrittenFact(
        "List.length_map",
        "∀ (f : α → β) (as : List α), List.length (List.map f as) = List.length as",
        _on_lists("f as", "rfl", "simp [List.map, ih]"),
    ),
    WrittenFact(
        "List.filter_cons",
        "∀ (p : α → Bool) (a : α) (as : List α), List.filter p (a :: as) = "
        "if p a = true then a :: List.filter p as else List.filter p as",
        _FILTER,
    ),
    WrittenFact(
        "List.foldl_append",
        "∀ (f : β → α → β) (b : β) (as bs : List α), List.foldl f b (as ++ bs) = List.foldl f (List.foldl f b as) bs",
        "intro f b as bs\ninduction as generalizing b with\n| nil => rfl\n| cons a as ih => simp [List.foldl, ih]",
    ),
    WrittenFact(
        "List.foldr_append",
        "∀ (f : α → β → β) (b : β) (as bs : List α), List.foldr f b (as ++ bs) = List.foldr f (List.foldr f b bs) as",
        _on_lists("f b as bs", "rfl", "simp [List.foldr, ih]"),
    ),
    WrittenFact(
        "List.join_append",
        "∀ (as bs : List (List α)), List.join (as ++ bs) = List.join as ++ List.join bs",
        _on_lists("as bs", "rfl", "simp [List.join, ih, List.append_assoc]"),
    ),
    WrittenFact(
        "Nat.pow_add",
        "∀ (a m n : Nat), a ^ (m + n) = a ^ m * a ^ n",
        _on_numbers(
            "a m n", "n", "simp [Nat.powZero]", "rw [Nat.add_succ, Nat.powSucc, Nat.powSucc, ih, Nat.mul_assoc]"
        ),
    ),
    WrittenFact(
        "Nat.pow_mul",
        "∀ (a m n : Nat), a ^ (m * n) = (a ^ m) ^ n",
        _on_numbers("a m n", "n", "simp [Nat.powZero]", "rw [Nat.mul_succ, pow_add, ih, Nat.powSucc]"),
        ("Nat.pow_add",),
    ),
    WrittenFact(
        "Nat.mul_pow",
        "∀ (a b n : Nat), (a * b) ^ n = a ^ n * b ^ n",
        _on_numbers(
            "a b n",
            "n",
            "simp [Nat.powZero]",
            "rw [Nat.powSucc, Nat.powSucc, Nat.powSucc, ih, Nat.mul_assoc, Nat.mul_assoc, ← Nat.mul_assoc (b ^ n), "
            "Nat.mul_comm (b ^ n) a, Nat.mul_assoc a]",
        ),
    ),
    WrittenFact(
        "Nat.one_pow",
        "∀ (n : Nat), 1 ^ n = 1",
        _on_numbers("n", "n", "rfl", "simp [Nat.powSucc, ih]"),
    ),
    WrittenFact(
        "Nat.add_sub_cancel",
        "∀ (n m : Nat), n + m - m = n",
        _on_numbers("n m", "m", "rfl", "rw [Nat.add_succ, Nat.succ_sub_succ_eq_sub, ih]"),
    ),
    WrittenFact(
        "Nat.add_sub_cancel_left",
        "∀ (n m : Nat), n + m - n = m",
        _on_numbers("n m", "n", "simp", "rw [Nat.succ_add, Nat.succ_sub_succ_eq_sub, ih]"),
    ),
    WrittenFact(
        "Nat.sub_sub",
        "∀ (n m k : Nat), n - m - k = n - (m + k)",
        _on_numbers("n m k", "k", "rfl", "rw [Nat.add_succ, Nat.sub_succ, Nat.sub_succ, ih]"),
    ),
    WrittenFact("Nat.zero_sub", "∀ (n : Nat), 0 - n = 0", _on_numbers("n", "n", "rfl", "rw [Nat.sub_succ, ih]; rfl")),
    WrittenFact(
        "Nat.add_sub_add_right",
        "∀ (n k m : Nat), n + k - (m + k) = n - m",
        _on_numbers("n k m", "k", "rfl", "rw [Nat.add_succ, Nat.add_succ, Nat.succ_sub_succ_eq_sub, ih]"),
    ),
    WrittenFact(
        "Nat.mul_sub",
        "∀ (k n m : Nat), k * (n - m) = k * n - k * m",
        "intro k n m\ninduction m generalizing n with\n| zero => rfl\n| succ m ih =>\n  cases n with\n"
        "  | zero => simp [zero_sub]\n"
        "  | succ n => rw [Nat.succ_sub_succ_eq_sub, Nat.mul_succ, Nat.mul_succ, add_sub_add_right, ih]",
        ("Nat.zero_sub", "Nat.add_sub_add_right"),
    ),
    WrittenFact(
        "Nat.sub_add_cancel",
        "∀ {n m : Nat}, m ≤ n → n - m + m = n",
        "intro n m h\ncases Nat.le.dest h with\n| intro k hk => rw [← hk, add_sub_cancel_left, Nat.add_comm]",
        ("Nat.add_sub_cancel_left",),
    ),
    WrittenFact(
        "Nat.add_sub_assoc",
        "∀ {m k : Nat}, k ≤ m → ∀ (n : Nat), n + m - k = n + (m - k)",
        "intro m k h n\ncases Nat.le.dest h with\n"
        "| intro c hc => rw [← hc, add_sub_cancel_left, Nat.add_left_comm, add_sub_cancel_left]",
        ("Nat.add_sub_cancel_left",),
    ),
)
