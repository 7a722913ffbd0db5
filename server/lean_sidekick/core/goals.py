"""Goals as Lean prints them, read into values.

The format is that of `$/lean/plainGoal` and of "unsolved goals" messages: an optional `case` line,
hypothesis groups `a b : T` (continuation lines are indented), and the target after `⊢` (or `|` in
`conv` mode). Parsing never fails: what is not understood stays in the text of the goal. No I/O.
"""

import re
from collections.abc import Iterable

from attrs import frozen

INACCESSIBLE_MARK = "✝"
_VALUE = " := "
METAVARIABLE = re.compile(r"\?[\w.«»]+|(?<![\w.])\?(?![\w✝])")
_HYPOTHESIS = re.compile(r"^([^\s:⊢|()\[\]{}][^:⊢]*?) :(?!=) ?")


@frozen(kw_only=True)
class Hypothesis:
    """One group of hypotheses of the same type; `value` is set for `let` variables."""

    names: tuple[str, ...]
    type: str
    value: str | None = None


@frozen(kw_only=True)
class Goal:
    """One goal; `text` is what Lean printed, without its `case` line.

    `case_name` is None for a goal without a name; `target` is empty if none was found.
    """

    text: str
    target: str
    hypotheses: tuple[Hypothesis, ...] = ()
    case_name: str | None = None

    @property
    def has_metavariable(self) -> bool:
        """Whether an unassigned metavariable such as `?m.12` or `?w` shows in the goal."""
        return METAVARIABLE.search(self.text) is not None

    @property
    def metavariables(self) -> frozenset[str]:
        """The metavariables that show in the goal."""
        return frozenset(METAVARIABLE.findall(self.text))

    @property
    def names(self) -> tuple[str, ...]:
        """The names of all hypotheses that can be typed, oldest first."""
        return tuple(name for h in self.hypotheses for name in h.names if INACCESSIBLE_MARK not in name)

    @property
    def is_conv(self) -> bool:
        """Whether it is the goal of a `conv` block: a term to be rewritten, after `|`."""
        return re.search(r"^\| ", self.text, re.MULTILINE) is not None and "⊢" not in self.text

    def normal_form(self) -> str:
        """A key that equal goals share: no case name, inaccessible names numbered in order."""
        marks: dict[str, str] = {}

        def number(match: re.Match[str]) -> str:
            return marks.setdefault(match.group(), f"✝{len(marks)}")

        return re.sub(r"[^\s()\[\]{},:]*✝[¹²³⁰⁴⁵⁶⁷⁸⁹]*", number, self.text)


@frozen(kw_only=True)
class ProofState:
    """All goals at a site, the main goal first; none left means that the proof is complete."""

    goals: tuple[Goal, ...]

    def normal_form(self) -> str:
        """A key that equal states share."""
        return "\n\n".join(goal.normal_form() for goal in self.goals)


def parse_goal(text: str) -> Goal:
    """Reads one goal."""
    case_name = None
    text = text.strip("\n")
    if text.startswith("case "):
        head, _, text = text.partition("\n")
        case_name = head.removeprefix("case ").strip() or None
    hypotheses: list[Hypothesis] = []
    target: list[str] | None = None
    for block in _blocks(text):
        if block.startswith(("⊢", "|")):
            target = [block.lstrip("⊢|").strip()]
        elif target is None and (hypothesis := _parse_hypothesis(block)):
            hypotheses.append(hypothesis)
    return Goal(
        text=text,
        target=target[0] if target else "",
        hypotheses=tuple(hypotheses),
        case_name=case_name,
    )


def parse_goals(texts: Iterable[str]) -> tuple[Goal, ...]:
    """Reads the goals of a `plainGoal` answer, one text each."""
    return tuple(parse_goal(text) for text in texts)


def split_goals(text: str) -> tuple[Goal, ...]:
    """Reads goals that stand in one text, separated by blank lines, as in messages.

    A blank line inside a goal, as Lean prints before some `match` alternatives, is followed by an indented one.
    """
    first, *rest = re.split(r"(\n[ \t]*\n)", text.strip("\n"))
    parts = [first]
    for separator, part in zip(rest[::2], rest[1::2], strict=True):
        if part.startswith((" ", "\t")):
            parts[-1] += separator + part
        else:
            parts.append(part)
    return tuple(parse_goal(part) for part in parts if part.strip())


def _blocks(text: str) -> list[str]:
    """Joins continuation lines (indented) to the line that they continue."""
    blocks: list[str] = []
    for line in text.split("\n"):
        if blocks and line[:1] in (" ", "\t"):
            blocks[-1] += " " + line.strip()
        else:
            blocks.append(line)
    return blocks


def _value_start(text: str) -> int | None:
    """Where the value of a `let` variable is set off; a ` := ` inside brackets belongs to the type."""
    depth = 0
    for index, character in enumerate(text):
        depth += (character in "([{⟨") - (character in ")]}⟩")
        if depth == 0 and text.startswith(_VALUE, index):
            return index
    return None


def _parse_hypothesis(block: str) -> Hypothesis | None:
    match = _HYPOTHESIS.match(block)
    if match is None:
        return None
    rest, value = block[match.end() :], None
    if (split := _value_start(rest)) is not None:
        rest, value = rest[:split], rest[split + len(_VALUE) :]
    return Hypothesis(names=tuple(match.group(1).split()), type=rest.strip(), value=value)
