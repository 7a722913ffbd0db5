"""Goals and statements as models read them. Pure text."""

from collections.abc import Sequence

from lean_sidekick.core.goals import INACCESSIBLE_MARK, Goal
from lean_sidekick.tactics.prompts.api import Question, TokenUnit


def goal_text(goal: Goal) -> str:
    """A goal as Lean prints it, with its `case` line."""
    return f"case {goal.case_name}\n{goal.text}" if goal.case_name else goal.text


def state_text(goals: Sequence[Goal]) -> str:
    """All goals, the main one first, as Lean prints them: with a blank line between two."""
    return "\n\n".join(map(goal_text, goals))


def fit_state(goals: Sequence[Goal], unit: TokenUnit, room: int) -> str:
    """The state in at most `room` units: other goals go first, then the oldest hypotheses; the target stays.

    A target that is too long by itself is cut at its end, which is the only way to say anything of it.
    """
    for count in range(len(goals), 0, -1):
        text = state_text(goals[:count])
        if unit.count(text) <= room:
            return text
    lines = goal_text(goals[0]).split("\n") if goals else []
    place = next((place for place, line in enumerate(lines) if line.startswith(("⊢", "|"))), 0)
    target = fit_start("\n".join(lines[place:]), unit, room)
    hypotheses = fit_end("\n".join(lines[:place]), unit, room - unit.count(target))
    return f"{hypotheses}\n{target}" if hypotheses else target


def fit_end(text: str, unit: TokenUnit, room: int) -> str:
    """The last whole lines of a text that fit into `room` units, each with the end of its line."""
    if unit.count(text) <= room:
        return text
    lines = text.split("\n")
    kept = len(lines)
    for line in reversed(lines):
        room -= unit.count(line + "\n")
        if room < 0:
            break
        kept -= 1
    return "\n".join(lines[kept:])


def fit_start(text: str, unit: TokenUnit, room: int) -> str:
    """The beginning of a text that fits into `room` units; never less than one character of what there is."""
    low, high = 1, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        if unit.count(text[:middle]) <= room:
            low = middle
        else:
            high = middle - 1
    return text[:low]


def fit_file(text: str, unit: TokenUnit, room: int) -> str:
    """A file's text in at most `room` units: where it is too long, its imports and its end."""
    text = text.strip("\n")
    if unit.count(text) <= room:
        return text
    lines = text.split("\n")
    imports = "\n".join(line for line in lines if line.startswith("import "))
    rest = fit_end(
        "\n".join(line for line in lines if not line.startswith("import ")), unit, room - unit.count(imports)
    )
    return f"{imports}\n\n{rest}".strip("\n") if unit.count(imports) <= room else fit_end(text, unit, room)


def steps_text(steps: Sequence[str], indentation: str = "  ") -> str:
    """Tactics as they stand in a block, each on lines of its own."""
    return "".join(f"{indentation}{line}\n" if line else "\n" for step in steps for line in step.split("\n"))


def source_text(question: Question) -> str:
    """The file up to the goal: what stands above, the statement, the tactics before."""
    if not question.statement:
        return question.text_above.rstrip("\n")
    above = question.text_above.rstrip("\n")
    head = f"{above}\n\n" if above else ""
    return f"{head}{question.statement.rstrip()} := by\n{steps_text(question.steps)}".rstrip("\n")


def goal_statement(goal: Goal, name: str) -> str:
    """A goal as the statement of a theorem, up to before `:=`: what a whole-proof model can be asked in place of it.

    A reading of printed text, which need not elaborate: a model reads it, Lean never does.
    """
    binders = []
    for hypothesis in goal.hypotheses:
        names = " ".join(n.replace(INACCESSIBLE_MARK, "") for n in hypothesis.names)
        if all(n.startswith("inst") and INACCESSIBLE_MARK in n for n in hypothesis.names):
            binders.append(f"[{hypothesis.type}]")
        elif hypothesis.value is None:
            binders.append(f"({names} : {hypothesis.type})")
        else:
            binders.append(f"({names} : {hypothesis.type} := {hypothesis.value})")
    lines = "".join(f"\n    {binder}" for binder in binders)
    return f"theorem {name}{lines} :\n    {goal.target}"
