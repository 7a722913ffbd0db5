/-! Small statements of logic, each with a hole that Lean Sidekick can fill. -/

theorem and_swap_of (p q : Prop) (h : p ∧ q) : q ∧ p := by
  sorry

theorem or_swap_of (p q : Prop) : p ∨ q → q ∨ p := by
  intro h
  cases h with
  | inl hp => exact Or.inr hp
  | inr hq => sorry

theorem imp_chain (p q r : Prop) (hpq : p → q) (hqr : q → r) : p → r := by

theorem not_both (p q : Prop) (hp : p) (h : ¬(p ∧ q)) : ¬q :=
  sorry

theorem exists_imp (α : Type) (p q : α → Prop) (h : ∀ x, p x → q x) (hp : ∃ x, p x) : ∃ x, q x := by
  sorry

-- A comment that mentions a sorry, and a string that does: neither is a hole.
def motto : String := "better a sorry than a theorem x : False"

theorem iff_and_self (p : Prop) : p ↔ p ∧ p := by
  constructor
  · sorry
  · intro h
    exact h.1
