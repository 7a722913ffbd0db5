"""What is refused before Lean sees it. Pure.

A candidate's text is data: it must not close its block, comment out what follows, begin a new command, give up
(`sorry`), or run programs while Lean elaborates it. Words are looked for in the raw text, comments and strings
included, with the guillemets of quoted names taken off, and whatever is no ASCII letter ends a word: Lean reads
`↦by_elab` as two tokens. A refusal too many costs a candidate, one too few runs a stranger's program. A list of words
cannot know a project's own macros; that is what the sandbox is for.

The lists come from the tactics of the Lean of July 2021 (of which only `nativeDecide` compiles and runs what it is
given), and from what is known of core Lean, Mathlib and packages that call provers or models.
"""

import re

from attrs import frozen

from lean_sidekick.core.candidates import Candidate
from lean_sidekick.core.outcomes import Outcome, OutcomeKind
from lean_sidekick.core.scanner import balance_problem, words
from lean_sidekick.verify.tactic_list import first_unlisted

LENGTH_LIMIT = 20_000

_COMMANDS = frozenset(
    words("""
    abbrev add_decl_doc alias attribute axiom binder_predicate builtin_initialize builtin_simproc class coinductive
    constant declare_aesop_rule_sets declare_config_elab declare_simp_like_tactic declare_syntax_cat def deriving
    dsimproc elab elab_rules end example export extern final grind_pattern import include inductive infix infixl
    infixr init_quot initialize instance irreducible_def library_note macro macro_rules meta module mutual namespace
    noncomputable notation notation3 nonrec omit opaque partial postfix prefix prelude private proof_wanted
    protected public recall register_builtin_option register_label_attr register_option register_simp_attr
    register_tactic_tag run_cmd run_elab run_meta section seal simproc structure syntax tactic_extension theorem
    lemma universe universes unif_hint unseal unsafe variable variables
    """)
)
_PROGRAMS = frozenset(
    words("""
    auto blaster by_elab bv_decide bv_check bv_compare canonical csimp cvc5 dbg_sleep dbg_stack_trace
    dbg_trace dbgSleep dbgStackTrace dbgTrace dbgTraceIfShared dbgTraceVal egg evalExpr evalTerm eval_expr extern hammer
    implemented_by implementedBy include_bytes include_str initFn llmqed llmstep llm_qed nativeDecide native_decide
    native nativeRefl ofReduceBool ofReduceNat plausible polyrith query_smt reduceBool reduceNat runTac run_conv run_tac
    run_tacq search_proof select_premises show_panel_widgets sleep_heartbeats slim_check smt sos suggest_tactics
    trustCompiler unsafeBaseIO unsafeCast unsafeEIO unsafeIO unsafePerformIO with_panel_widgets zipperposition
    """)
)
_UNFINISHED = frozenset(["sorry", "admit", "sorryAx", "lcProof", "lcUnreachable", "stop", "hint"])
_OPTIONS = frozenset(["maxRecDepth", "maxHeartbeats", "synthInstance.maxHeartbeats", "synthInstance.maxSize"])
_WORD = re.compile(r"(?<![A-Za-z0-9_])[A-Za-z_][A-Za-z0-9_'!?]*")
_COMMAND_SIGN = re.compile(r"#[A-Za-z_]\w*")
_RUNNING = re.compile(r"(?<![A-Za-z0-9_.'])(?:IO|System|Lean\s*\.\s*(?:Elab|Meta))(?![A-Za-z0-9_'])|eval%")
_SET_OPTION = re.compile(r"\bset_option\s+(\S+)")


@frozen(kw_only=True)
class Policy:
    """`allow_programs` lets candidates run programs while Lean elaborates; `keep_commands` leaves `#eval` and the
    like above a declaration in the shadow; `allow_listed_models` lets models use the tactics of our list alone, as
    where there is no sandbox."""

    allow_programs: bool
    keep_commands: bool
    allowed_axioms: frozenset[str]
    allow_listed_models: bool


def candidate_refusal(candidate: Candidate, policy: Policy) -> Outcome | None:
    """Why a candidate is not given to Lean; None if it may be.

    What a model wrote is bound more tightly where no sandbox holds it: a list of forbidden words cannot know what a
    project's own macros do, so each of its tactics has to be one that we know.
    """
    if (refused := refusal(candidate.text, policy)) is not None:
        return refused
    if candidate.source.is_model and policy.allow_listed_models and not policy.allow_programs:
        unknown = first_unlisted(candidate.text)
        if unknown is not None:
            return _refused(f"`{unknown}` is not on the list of tactics that a model may use without a sandbox")
    return None


def refusal(text: str, policy: Policy) -> Outcome | None:
    """Why a candidate is not given to Lean; None if it may be."""
    if not text.strip():
        return _refused("it is empty")
    if len(text) > LENGTH_LIMIT:
        return _refused(f"it is longer than {LENGTH_LIMIT} characters")
    if any(ord(character) < 32 and character != "\n" for character in text):
        return _refused("it contains control characters")
    if problem := balance_problem(text):
        return Outcome(kind=OutcomeKind.PARSE_ERROR, message=problem)
    plain = text.replace("«", "").replace("»", "")
    spoken = set(_WORD.findall(plain))
    bare = spoken | {word.rstrip("'!") for word in spoken}
    if "@[" in text or "/--" in text or "/-!" in text:
        return _refused("it would begin a new command")
    if sign := _COMMAND_SIGN.search(plain):
        return _refused(f"`{sign[0]}` would begin a new command")
    for match in _WORD.finditer(plain):
        if _is_part_of_name(plain, match.start()):
            continue
        if match[0] in _COMMANDS:
            return _refused(f"`{match[0]}` would begin a new command")
        if match[0].endswith("?"):
            return _refused(f"`{match[0]}` only asks for a proof; its answer is another candidate")
    if found := bare & _UNFINISHED:
        return _refused(f"`{min(found)}` leaves the goal unproved")
    if policy.allow_programs:
        return None
    if found := bare & _PROGRAMS:
        return _refused(f"`{min(found)}` can run programs")
    if _RUNNING.search(plain):
        return _refused("it can run programs")
    options = _SET_OPTION.findall(text)
    if len(options) != len(re.findall("set_option", plain)):
        return _refused("it hides which option it sets")
    for option in options:
        if option not in _OPTIONS:
            return _refused(f"it sets the option `{option}`")
    return None


def _is_part_of_name(text: str, start: int) -> bool:
    """Whether a word goes on with a dotted name, such as `head?` in `xs.head?`."""
    if start < 2 or text[start - 1] != ".":
        return False
    before = text[start - 2]
    return before.isalpha() or before in "_'!?₀₁₂₃₄₅₆₇₈₉" or (before.isascii() and before.isdigit())


def _refused(reason: str) -> Outcome:
    return Outcome(kind=OutcomeKind.REFUSED, message=f"refused: {reason}")
