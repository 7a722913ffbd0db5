/-! Natural numbers: induction, cases, and a lemma from the lines above. -/

theorem add_zero_left (n : Nat) : 0 + n = n := by
  sorry

theorem succ_add_one (a b : Nat) : Nat.succ a + b = Nat.succ (a + b) := by
  sorry

theorem twice_eq (f : Nat → Nat) (h : ∀ x, f x = x) (n : Nat) : f (f n) = n := by
  sorry

theorem pos_or_zero (n : Nat) : n = 0 ∨ ∃ m, n = Nat.succ m := by
  sorry

theorem eq_trans_symm (a b c : Nat) (h₁ : a = b) (h₂ : c = b) : a = c := by
  sorry
