"""What is refused before Lean sees it. Pure.

A candidate's text is data: it must not close its block, comment out what follows, begin a new command, give up
(`sorry`), or run programs while Lean elaborates it. Words are looked for in the raw text, comments and strings
included, with the guillemets of quoted names taken off: a refusal too many costs a candidate, one too few runs a
stranger's program. A list of words cannot know a project's own macros; that is what the sandbox is for.
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
    by_elab bv_decide bv_check bv_compare canonical dbg_trace dbgTrace eval% evalExpr extern hammer implemented_by
    implementedBy include_bytes include_str initFn llmqed llmstep native_decide ofReduceBool ofReduceNat plausible
    polyrith reduceBool reduceNat run_tac runTac run_conv search_proof slim_check smt suggest_tactics trustCompiler
    unsafeBaseIO unsafeCast unsafeEIO unsafeIO unsafePerformIO
    """)
)
_UNFINISHED = frozenset(["sorry", "admit", "sorryAx", "lcProof", "lcUnreachable", "stop", "hint"])
_OPTIONS = frozenset(["maxRecDepth", "maxHeartbeats", "synthInstance.maxHeartbeats", "synthInstance.maxSize"])
_WORD = re.compile(r"[^\s()\[\]{}⟨⟩,:;|·+\-*/=<>\"«»@⊢]+")
_NATIVE = re.compile(r"\+\s*native\b|native\s*:=\s*true")
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
    spoken = _WORD.findall(text)
    bare = {part for word in spoken for part in (word, *word.split("."))}
    if "@[" in text or "/--" in text or "/-!" in text:
        return _refused("it would begin a new command")
    for word in spoken:
        if word in _COMMANDS or word.startswith("#"):
            return _refused(f"`{word}` would begin a new command")
    if question := next((word for word in spoken if word.endswith("?") and len(word) > 1), None):
        return _refused(f"`{question}` only asks for a proof; its answer is another candidate")
    if found := bare & _UNFINISHED:
        return _refused(f"`{min(found)}` leaves the goal unproved")
    if policy.allow_programs:
        return None
    if found := bare & _PROGRAMS:
        return _refused(f"`{min(found)}` can run programs")
    if _NATIVE.search(text):
        return _refused("native evaluation can run programs")
    if any(word == "IO" or word.startswith(("IO.", "Lean.Elab", "Lean.Meta", "System.")) for word in spoken):
        return _refused("it can run programs")
    options = _SET_OPTION.findall(text)
    if len(options) != spoken.count("set_option"):
        return _refused("it hides which option it sets")
    for option in options:
        if option not in _OPTIONS:
            return _refused(f"it sets the option `{option}`")
    return None


def _refused(reason: str) -> Outcome:
    return Outcome(kind=OutcomeKind.REFUSED, message=f"refused: {reason}")
