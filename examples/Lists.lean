/-! Lists, in a namespace, with a variable. -/

namespace Examples

variable (α : Type)

theorem append_nil_right (xs : List α) : xs ++ [] = xs := by
  sorry

theorem map_id_eq (xs : List α) : xs.map (fun x => x) = xs := by
  sorry

theorem take_zero (xs : List α) : xs.take 0 = [] := by
  sorry

end Examples
