"""Whole proofs as steps: what is tried at a goal like the one that a proof begins with, in one candidate.

A proof is known by its steps in the order of its text, outer ones before those inside them. A script is its outer
steps, one below the other. Pure.
"""

from collections.abc import Sequence

from attrs import evolve

from lean_sidekick.core.render import indent
from lean_sidekick.core.steps import TakenStep

SCRIPT_LENGTH = 2_500
"""Characters of the longest proof that is tried whole."""


def with_script(steps: Sequence[TakenStep]) -> list[TakenStep]:
    """The steps of one finished proof, and the proof as a whole as one more where it has several outer steps."""
    script = script_of([step.tactic for step in steps])
    return list(steps) if script is None else [*steps, evolve(steps[0], tactic=script)]


def script_of(tactics: Sequence[str]) -> str | None:
    """The outer steps of a proof; None where there is one alone, or too much to try at once."""
    outer: list[str] = []
    inner = ""
    for tactic in tactics:
        words = " ".join(tactic.split())
        # Those inside the last outer step follow it, in the order in which they stand in it.
        place = inner.find(words)
        if place >= 0:
            inner = inner[place:] if "\n" in tactic else inner[place + len(words) :]
            continue
        outer.append(aligned(tactic))
        inner = words.partition(" ")[2] if "\n" in tactic else ""
    text = "\n".join(outer)
    return text if len(outer) > 1 and len(text) <= SCRIPT_LENGTH else None


def outer_steps(script: str) -> list[str]:
    """The steps of a script; a tactic that is none is its only step."""
    found: list[str] = []
    for line in script.split("\n"):
        if found and (not line or line[0] in " |"):
            found[-1] += f"\n{line}"
        else:
            found.append(line)
    return found


def aligned(tactic: str) -> str:
    """One tactic with its further lines two columns to the right of its first, as far as they were not further."""
    first, *rest = tactic.strip().split("\n")
    depth = min((len(line) - len(line.lstrip()) for line in rest if line.strip()), default=0)
    return first + "".join("\n" + indent(line[depth:], "  ") for line in rest)
