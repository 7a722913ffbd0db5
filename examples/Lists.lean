/-! Lists, in a namespace, with a variable. -/

namespace Examples

variable (α : Type)

theorem append_nil_right (xs : List α) : xs ++ [] = xs := by
  sorry

theorem append_four (ws xs ys zs : List α) : (ws ++ xs) ++ (ys ++ zs) = ws ++ (xs ++ ys) ++ zs := by
  sorry

theorem take_zero (xs : List α) : xs.take 0 = [] := by
  sorry

end Examples
