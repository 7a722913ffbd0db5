"""Finding the proof in a model's Lean file and cutting it into steps. Pure text; any text is accepted."""

from collections.abc import Sequence

from lean_sidekick.core.declarations import find_declarations
from lean_sidekick.core.render import declaration_proof
from lean_sidekick.core.scanner import BRACKET_PAIRS, Scan, TokenKind, words
from lean_sidekick.core.sites import Declaration
from lean_sidekick.tactics.prompts.answers import tidy_tactic

MAX_BEGINNINGS = 12
"""How many beginnings of a proof are handed on beside the proof itself."""

_PROVABLE = frozenset({"theorem", "lemma", "example", "def", "instance", "abbrev"})
# A line at the margin that begins with one of these goes on with the tactic above it.
_CONTINUING_MARKS = tuple(words("| <;> ) ] } ⟩ := => <|"))
_CONTINUING_WORDS = frozenset(words("at with using else then generalizing where _"))
_FORBIDDEN = frozenset({"sorry", "admit"})
# A bare block begins with a word that some tactic begins with; prose does not count as a proof.
_TACTIC_HEADS = frozenset(
    words("""
    intro intros exact apply refine simp simpa rw rfl have obtain rcases cases induction constructor norm_num linarith
    nlinarith omega ring ring_nf field_simp aesop decide ext funext by_contra by_cases use exists calc show suffices
    unfold positivity gcongr trivial contradiction exfalso left right split_ifs interval_cases push_cast norm_cast tauto
    all_goals any_goals try first repeat subst specialize rintro simp_all grind bound set let change convert choose
    """)
)


def find_proof(code: str, name: str, *, may_be_bare: bool) -> str:
    """The tactic block that proves a theorem in a file, "" if there is none.

    The theorem with that name, else the last one that has a body. A body that is a term becomes `exact`. With
    `may_be_bare`, code without any declaration is taken for the block itself.
    """
    code = code.replace("\r\n", "\n")
    declarations = [d for d in find_declarations(code) if d.keyword in _PROVABLE and d.body_start is not None]
    if not declarations:
        block = tidy_tactic(code)
        head = block.lstrip("·. ").split(None, 1)[0] if block.lstrip("·. ") else ""
        return block if may_be_bare and head in _TACTIC_HEADS else ""
    chosen = next((d for d in declarations if d.name == name), declarations[-1])
    block = declaration_proof(code, chosen) or ""
    if not block or _begins_with_by(code, chosen):
        return block
    return "exact " + block.replace("\n", "\n  ")


def cut_steps(block: str) -> tuple[str, ...]:
    """The tactics of a block, one after the other, without comments; up to the first that gives up with `sorry`.

    A line at the margin begins a step, unless it goes on with the one above: inside brackets, with an alternative, with
    `<;>` and the like.
    """
    scan = Scan(block)
    code = scan.without_comments(0, len(block))
    steps: list[list[str]] = []
    depth = 0
    for line, masked in zip(code.split("\n"), scan.code.split("\n"), strict=True):
        if not line.strip():
            continue
        is_inner = line[0].isspace() or depth > 0
        first = line.split(None, 1)[0]
        if steps and (is_inner or first in _CONTINUING_WORDS or first.startswith(_CONTINUING_MARKS)):
            steps[-1].append(line.rstrip())
        else:
            steps.append([line.strip()])
        depth = max(0, depth + _depth_change(masked))
    found: list[str] = []
    for lines in steps:
        step = "\n".join(lines)
        if any(token.text in _FORBIDDEN for token in Scan(step).tokens(0, len(step))):
            break
        found.append(step)
    return tuple(found)


def beginnings(steps: Sequence[str]) -> tuple[str, ...]:
    """A proof and its beginnings as tactic blocks, the longest first; of very many, some evenly between."""
    stride = max(1.0, len(steps) / MAX_BEGINNINGS)
    lengths = {1, *(len(steps) - round(stride * place) for place in range(MAX_BEGINNINGS))}
    return tuple("\n".join(steps[:length]) for length in sorted(lengths, reverse=True) if 0 < length <= len(steps))


def _depth_change(code: str) -> int:
    opened = sum(code.count(bracket) for bracket in BRACKET_PAIRS)
    return opened - sum(code.count(bracket) for bracket in BRACKET_PAIRS.values())


def _begins_with_by(code: str, declaration: Declaration) -> bool:
    assert declaration.body_start is not None
    scan = Scan(code)
    first = next(iter(scan.code_tokens(declaration.body_start, declaration.end)), None)
    return first is not None and first.kind is TokenKind.KEYWORD and first.text == "by"
