"""What models wrap around a tactic, taken off again. Pure text; nothing here fails, whatever a model says."""

import re
from collections.abc import Iterable

_FENCE = re.compile(r"^[ \t]*(`{3,}|~{3,})[ \t]*([\w+-]*)[^\n]*$", re.MULTILINE)
_LEAN = frozenset({"", "lean", "lean4", "tactics", "tactic"})
_MARKERS = ("<a>", "</a>")
_SPECIAL = re.compile(r"<(?:\||｜)[^<>\n]{1,40}(?:\||｜)>|</?s>|<pad>|<unk>|<extra_id_\d+>")


def without_thinking(answer: str) -> str:
    """The answer after its `<think>…</think>`; empty if the thinking never ended."""
    head, closed, rest = answer.rpartition("</think>")
    if closed:
        return rest
    return "" if answer.lstrip().startswith("<think>") else head + rest


def cut_at(text: str, stops: Iterable[str]) -> str:
    """The text before the first of some stop texts, for servers that do not stop there by themselves."""
    places = [place for stop in stops if stop and (place := text.find(stop)) >= 0]
    return text[: min(places)] if places else text


def last_fence(text: str) -> tuple[str, bool] | None:
    """The content of the last fenced block of Lean, and whether it was closed; None if there is no such block."""
    found: tuple[str, bool] | None = None
    opened: tuple[str, int, bool] | None = None
    for match in _FENCE.finditer(text):
        mark, language = match.group(1), match.group(2).lower()
        if opened is None:
            opened = (mark, match.end() + 1, language in _LEAN)
        elif not language and mark.startswith(opened[0]):
            if opened[2]:
                found = (text[opened[1] : match.start()], True)
            opened = None
    if opened is not None and opened[2]:
        found = (text[opened[1] :], False)
    return found


def tidy_tactic(text: str) -> str:
    """A tactic text without special tokens, premise markers, carriage returns, a leading `by` and blank margins."""
    for marker in _MARKERS:
        text = text.replace(marker, "")
    text = _SPECIAL.sub("", text).replace("\r\n", "\n").replace("\t", "  ")
    lines = [line.rstrip() for line in text.strip("\n").split("\n")]
    while lines and not lines[0].strip():
        del lines[0]
    while lines and not lines[-1].strip():
        del lines[-1]
    if lines and lines[0].strip() == "by":
        del lines[0]
    block = dedent(lines)
    return block[3:].lstrip() if block.startswith("by ") and "\n" not in block else block


def completed(said: str, prefix: str) -> tuple[str, ...]:
    """The tactic that an answer says; none if it says nothing.

    It has to begin with the prefix, whether the answer repeats that or goes on from it.
    """
    tactic = tidy_tactic(said)
    if tactic and not tactic.startswith(prefix):
        tactic = tidy_tactic(prefix + said)
    return (tactic,) if tactic else ()


def dedent(lines: list[str]) -> str:
    """Lines with the first line's margin taken off; lines with less of it lose what they have."""
    if not lines:
        return ""
    margin = len(lines[0]) - len(lines[0].lstrip(" "))
    return "\n".join(line[min(margin, len(line) - len(line.lstrip(" "))) :] for line in lines)
