"""What a tactic of a finished proof can be tried as at another goal. Pure.

A tactic with proofs of its own below it (`induction … with` and its alternatives) is offered as it was and with holes
in the place of those proofs. A whole proof is offered as it was, and what it establishes first (its `have`s) without
the rest. A tactic that only frames others (a bullet, `case`, braces) is no step. A list of rewrites is also tried
with its first one alone.
"""

import re
from collections.abc import Iterator
from itertools import takewhile

from lean_sidekick.tactics.scripts import aligned, outer_steps

_FRAMES = re.compile(
    r"(?:[·.({]|(?:case'?|next|focus|all_goals|allGoals|any_goals|repeat|try|first|iterate|calc|conv|skip|done|suffices|show_term)(?![\w.]))"
)
_REWRITES = re.compile(r"(rw|rewrite|erw|simp_rw) \[([^\[\]]*)\](.*)", re.DOTALL)
_MAX_LENGTH = 300
_SKELETON = 0.4
_PRELUDE = 0.4
_FIRST_REWRITE = 1.0


def step_texts(tactic: str) -> Iterator[tuple[str, float]]:
    """Texts to try, each with what it costs against the step as it was taken."""
    tactic = tactic.strip()
    if _FRAMES.match(tactic) or len(tactic) > 4 * _MAX_LENGTH:
        return
    steps = outer_steps(tactic)
    if len(steps) > 1:
        yield tactic, 0.0
        prelude = _prelude(steps)
        if len(prelude) > 1:
            yield "\n".join(prelude), _PRELUDE
        return
    if "\n" in tactic:
        yield aligned(tactic), 0.0
        skeleton = _skeleton(tactic)
        if skeleton is not None and len(skeleton) <= _MAX_LENGTH:
            yield skeleton, _SKELETON
        return
    if len(tactic) > _MAX_LENGTH:
        return
    yield tactic, 0.0
    rewrites = _REWRITES.fullmatch(tactic)
    if rewrites is not None and "," in rewrites[2]:
        yield f"{rewrites[1]} [{rewrites[2].split(',')[0].strip()}]{rewrites[3]}", _FIRST_REWRITE


def _prelude(steps: list[str]) -> list[str]:
    """The `have`s that a proof begins with."""
    return list(takewhile(lambda step: step.startswith("have "), steps))


def _skeleton(tactic: str) -> str | None:
    """`induction n with | zero => ?_ | succ n ih => ?_` for a tactic with its alternatives written out; None for any
    other."""
    head, *lines = tactic.split("\n")
    arms = [line for line in lines if line.lstrip().startswith("|")]
    if not head.rstrip().endswith(" with") or not arms:
        return None
    outer = min(len(line) - len(line.lstrip()) for line in arms)
    patterns = []
    for line in arms:
        if len(line) - len(line.lstrip()) == outer:
            pattern, arrow, _ = line.strip().partition("=>")
            if not arrow or (line.count("=>") > 1 and "|" in line.strip()[1:]):
                return None
            patterns.append(f"{pattern.strip()} => ?_")
    return " ".join([head.rstrip(), *patterns])
