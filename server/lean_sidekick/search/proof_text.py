"""From a proved tree to the tactic block that a person would write. Pure.

One goal left: the next tactic follows on its own line. Several: one bullet each, or, where the tactic writes its
alternatives out with holes (`| zero => ?_`), each proof stands under its alternative. Goals that share metavariables
follow one another without bullets, since a tactic at one may change the next. Lines that are too long are broken
before alternatives or inside brackets.
"""

import re
from collections.abc import Callable, Iterator

from attrs import frozen

from lean_sidekick.core.render import indent
from lean_sidekick.search.tree import Edge, GoalNode

PLACEHOLDER = "sorry"
_HOLE = re.compile(r"=> \?\w+$", re.MULTILINE)
_ONE_LINE = re.compile(r" (?=\| [^|\n]* => \?\w+(?= \||$))", re.MULTILINE)
_CONTINUED = "    "
_OPENING, _CLOSING = "([{⟨", ")]}⟩"
_LEAD = re.compile(r"\s*(?:· )*")
_ALTERNATIVE = re.compile(r"(?P<head>(?P<indentation>\s*)\| [^|]*? =>) (?P<tactic>\S.*)")


@frozen(kw_only=True)
class Step:
    """A tactic of a proof with the proofs of what it leaves, in order; `is_single` if it is run at one goal, so that
    it may stand under a bullet."""

    text: str
    parts: tuple["Step", ...] = ()
    is_single: bool = True

    def walk(self) -> Iterator["Step"]:
        """The step and all below it, in the order in which they stand in the text."""
        yield self
        for part in self.parts:
            yield from part.walk()


def proof_steps(roots: tuple[GoalNode, ...]) -> tuple[Step, ...]:
    """The proof of all roots, in order; every one of them has to be proved."""
    if any(root.proof is None for root in roots):
        raise ValueError("a goal of the tree has no proof")
    return chosen_steps(roots, lambda node: node.proof)


def chosen_steps(roots: tuple[GoalNode, ...], choice: Callable[[GoalNode], Edge | None]) -> tuple[Step, ...]:
    """The chosen tactic at each node, and a placeholder for each goal where none is chosen."""

    def step(node: GoalNode) -> Step:
        edge = choice(node)
        is_single = len(node.goals) == 1
        if edge is None:
            return Step(text="\n".join([PLACEHOLDER] * len(node.goals)), is_single=is_single)
        parts = tuple(step(child) for child in edge.children)
        return Step(text=edge.candidate.text, parts=parts, is_single=is_single)

    return tuple(step(root) for root in roots)


def block_of(steps: tuple[Step, ...]) -> str:
    """The tactic block of the steps, each for goals of its own."""
    if len(steps) == 1:
        return _text(steps[0])
    return "\n".join(_bullet(_text(step)) if step.is_single else _text(step) for step in steps)


def broken(block: str, width: int) -> str:
    """The block with lines over `width` columns broken: before the tactic of an alternative, before the alternatives
    of a `match`, after commas inside brackets; where none of it is there they stay."""
    return "\n".join(piece for line in block.split("\n") for piece in _broken_line(line, width))


def _text(step: Step) -> str:
    parts = step.parts
    spread = _ONE_LINE.sub("\n", step.text)
    if parts and all(part.is_single for part in parts) and len(_HOLE.findall(spread)) == len(parts):
        rest = iter(parts)
        return _HOLE.sub(lambda _: _alternative(_text(next(rest))), spread)
    return f"{step.text}\n{block_of(parts)}" if parts else step.text


def _bullet(block: str) -> str:
    return "· " + indent(block, "  ")[2:]


def _alternative(block: str) -> str:
    if "\n" not in block:
        return f"=> {block}"
    return "=>\n" + indent(block, "  ")


def _broken_line(line: str, width: int) -> Iterator[str]:
    if len(line) <= width:
        yield line
        return
    if alternative := _ALTERNATIVE.fullmatch(line):
        yield alternative["head"]
        yield from _broken_line(f"{alternative['indentation']}  {alternative['tactic']}", width)
        return
    lead = _LEAD.match(line)
    column = " " * (len(lead.group()) if lead else 0)
    if bars := _bars(line):
        ends = [*bars[1:], len(line)]
        yield line[: bars[0]].rstrip()
        for start, end in zip(bars, ends, strict=True):
            yield f"{column}  {line[start:end].rstrip()}"
        return
    depth = 0
    while (at := _last_break(line, width, depth)) is not None:
        yield line[:at].rstrip()
        depth += sum((c in _OPENING) - (c in _CLOSING) for c in line[:at])
        line = column + _CONTINUED + line[at:].lstrip()
    yield line


def _bars(line: str) -> list[int]:
    """Where the alternatives of a `match` begin that stand outside of brackets."""
    with_ = line.find(" with | ")
    depth, found = 0, []
    for index, character in enumerate(line if with_ >= 0 else ""):
        depth += (character in "([{⟨") - (character in ")]}⟩")
        if depth == 0 and index > with_ and line.startswith("| ", index):
            found.append(index)
    return found


def _last_break(line: str, width: int, depth: int) -> int | None:
    """Where a line that is too long is broken: after the last of the outermost commas inside brackets that it has room
    for; None if it is short enough, or there is none. So many brackets are open before it."""
    if len(line) <= width:
        return None
    found: tuple[int, int] | None = None
    for index, character in enumerate(line[:width]):
        depth += (character in _OPENING) - (character in _CLOSING)
        if character == "," and depth > 0 and (found is None or depth <= found[0]):
            found = depth, index + 1
    return None if found is None else found[1]
