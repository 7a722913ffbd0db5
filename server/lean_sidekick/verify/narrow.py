"""`simp` as `simp only […]`: what to ask Lean, and what its answer says. Pure.

Two ways: `simp?`, whose answer is the text (Lean since 2022), and the trace of rewrites, which names each lemma that
was used, in every Lean. An answer is a candidate like any other: it has to be run.
"""

import re
from collections.abc import Iterable

TRACE_OPTION = "trace.Meta.Tactic.simp"
_SIMP = re.compile(r"simp(?P<arguments> \[[^\[\]]*\])?(?P<place> at [^;<>]*)?")
_TRY_THIS = re.compile(r"(?:Try this:|\[apply\])\s*(?:\[apply\]\s*)?(simp only\b[^\n]*(?:\n +[^\n]*)*)")
_REWRITE = re.compile(r"\[Meta\.Tactic\.simp\.rewrite\] (?P<arrow>← ?)?(?P<name>[^\s,:]+)(?::\d+)?(?P<rest>[,:][^\n]*)")
_NOT_USED = ("perm rejected", "has unassigned", "unassigned metavariables")


def can_be_narrowed(text: str) -> bool:
    """Whether a tactic is a `simp` of the plain form `simp [a, b] at h`."""
    return _SIMP.fullmatch(text) is not None


def asking(text: str) -> str:
    """The tactic as one that says what it used."""
    return "simp?" + text.removeprefix("simp")


def tracing(text: str) -> str:
    """The tactic with its rewrites traced."""
    return f"set_option {TRACE_OPTION} true in {text}"


def read_try_this(messages: Iterable[str]) -> str | None:
    """The text that `simp?` suggests, on one line."""
    for message in messages:
        if found := _TRY_THIS.search(message):
            return " ".join(found[1].split())
    return None


def read_rewrites(text: str, messages: Iterable[str]) -> str | None:
    """The tactic with the lemmas that its trace names, in the order of their first use; None if it names none."""
    form = _SIMP.fullmatch(text)
    if form is None:
        return None
    lines = [line for message in messages for line in message.split("\n")]
    used: dict[str, None] = {}
    for line in lines:
        found = _REWRITE.search(line)
        if found and not any(mark in found["rest"] for mark in _NOT_USED) and "✝" not in found["name"]:
            used.setdefault(("← " if found["arrow"] else "") + found["name"])
    if not used:
        return None
    return f"simp only [{', '.join(used)}]{form['place'] or ''}"
