"""The tactics that a model may use where no sandbox holds Lean: well-known ones of core Lean, Batteries and Mathlib, of
which none runs a program of anybody's choosing. Pure.

A project's macros can give words a meaning that nobody foresees, so a word that is not here is not run. Every place of
a text where a tactic can begin is looked at, and some where only a term can: a refusal too many costs a candidate.
"""

from lean_sidekick.core.scanner import BRACKET_PAIRS, COMMENTS, TokenKind, tokens, words

LISTED = frozenset(
    words("""
    abel abel_nf ac_nf ac_rfl aesop all_goals and_intros any_goals apply apply_assumption apply_fun apply_mod_cast
    apply_rules assumption assumption_mod_cast beta_reduce borelize bound by_cases by_contra by_contra! calc
    cancel_denoms case case' cases cases' casesm cc change choose choose! clear clear_value compute_degree congr congr!
    constructor continuity contradiction contrapose contrapose! conv conv_lhs conv_rhs convert convert_to cutsat decide
    delta dsimp dsimp! eapply econstructor eq_refl erw exact exact_mod_cast exacts exfalso exists existsi ext ext1
    extract_lets fapply fconstructor field field_simp filter_upwards fin_cases fin_omega first focus fun_cases
    fun_induction fun_prop funext gcongr generalize generalize_proofs grind group grw have have' haveI if
    infer_instance induction induction' injection injections interval_cases intro intros introv iterate itauto last
    left let letI lift linarith linarith! linear_combination linear_combination' linear_combination2 match measurability
    module mono next nlinarith nlinarith! nofun nomatch noncomm_ring nontriviality norm_cast norm_num
    norm_num1 nth_rewrite nth_rw obtain omega on_goal open order peel pick_goal positivity pull_cast push_cast push_neg
    qify rcases rcongr reduce refine refine' refine_lift rel rename rename' rename_i repeat repeat' repeat1 replace
    revert rewrite rfl rfl' rify right ring ring! ring1 ring_nf ring_nf! rintro rotate_left rotate_right rsuffices rw
    rw_mod_cast rwa set set_option show simp simp! simp_all simp_all_arith simp_arith simp_intro simp_rw simp_wf simpa
    simpa! skip slice_lhs slice_rhs solve solve_by_elim specialize split split_ands split_ifs subsingleton subst
    subst_eqs subst_vars substs suffices swap symm symm_saturate tauto tfae_finish tfae_have trans transitivity trivial
    try unfold unfold_let use use! whnf wlog zify
    """)
)
# Words that may begin a line in the middle of a tactic.
_CONTINUES = frozenset({"at", "using", "with", "generalizing", "from", "in", "only", "fun", "_", "where"})
_BEFORE_A_TACTIC = frozenset({";", "<;>", "by", "then", "else"})
# Where a tactic is due, another one follows these.
_BEFORE_ANOTHER = frozenset(words("· . all_goals any_goals try repeat repeat' repeat1 first solve focus iterate"))
_ALTERNATIVES = frozenset({"first", "solve"})
_BINDERS = frozenset({"fun", "λ"})
_ARROWS = frozenset({"=>", "↦"})


def first_unlisted(text: str) -> str | None:
    """The first word of a text that stands where a tactic can begin and is not on the list; None if there is none."""
    is_due, has_alternatives, binders = True, False, 0
    brackets = [True]  # whether tactics may stand on the lines inside
    line_end = 0
    for token in tokens(text):
        if token.kind in COMMENTS:
            continue
        begins_line = "\n" in text[line_end : token.start]
        line_end = token.end
        is_word = token.kind in (TokenKind.IDENTIFIER, TokenKind.KEYWORD)
        is_due = is_due or (begins_line and brackets[-1])
        goes_on = begins_line and token.text in _CONTINUES
        if is_word and is_due and not goes_on and token.text not in LISTED:
            return token.text
        if token.kind is TokenKind.OPEN:
            brackets.append(is_due and token.text in "({")
        elif token.kind is TokenKind.CLOSE and len(brackets) > 1:
            brackets.pop()
        has_alternatives = has_alternatives or token.text in _ALTERNATIVES
        if token.text in _BEFORE_A_TACTIC:
            is_due = True
            brackets[-1] = brackets[-1] or token.text == "by"
        elif token.text in _BINDERS:
            is_due, binders = False, binders + 1
        elif token.text in _ARROWS:
            is_due, binders = binders == 0, max(0, binders - 1)
        elif token.text == "|":
            is_due = has_alternatives
        else:
            keeps_due = token.kind is TokenKind.NUMBER or token.text in _BEFORE_ANOTHER or token.text in BRACKET_PAIRS
            is_due = is_due and keeps_due
    return None
