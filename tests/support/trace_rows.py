"""What a made-up Lean says of a file that an extraction asks about. Standard library only, for the scripted server too.

Every line `theorem NAME : … := by TACTIC` of a text is a proof of one step, from `n : Nat ⊢ NAME` to no goals; `rfl` at
its beginning names `Eq.refl`; a line with `sorry` or `error` comes with a message. A `module` imports `Init` twice, as
Leans with modules say it.
"""

import json
import re

KEYWORD = "lean_sidekick_trace"

_STRING = re.compile(r'"(?:[^"\\]|\\.)*"')
_IMPORT = re.compile(r"^(?:(?:public|meta) )*import (?:all )?(\S+)$", re.MULTILINE)
_THEOREM = re.compile(r"^theorem (\S+)(.*?):= by (.*)$", re.MULTILINE)


def question(text: str) -> tuple[str, str] | None:
    """The nonce of the question at the end of a document, and the text of the file; None if there is none."""
    last = text.rstrip("\n").rpartition("\n")[2]
    if not last.startswith(KEYWORD):
        return None
    nonce, _, _, source = (json.loads(found, strict=False) for found in _STRING.findall(last))
    return nonce, source


def failure(nonce: str, reason: str) -> str:
    """The answer where a header cannot be loaded."""
    return _message(nonce, reason, *([] for _ in range(9)))


def answer(nonce: str, source: str, sorry: str = "declaration uses 'sorry'") -> str:
    """The answer about a file; `sorry` is how this Lean says that one is there."""

    def offset(place: int) -> int:
        return len(source[:place].encode())

    proofs: list[object] = []
    steps: list[object] = []
    mentions: list[object] = []
    named: list[tuple[str, bool, int, int]] = []
    messages: list[object] = []
    for match in _THEOREM.finditer(source):
        line = source.count("\n", 0, match.start()) + 1
        start, end = offset(match.start(3)), offset(match.end(3))
        proofs.append([offset(match.start()), start - len(":= by "), end])
        steps.append([start, end, [f"n : Nat\n⊢ {match[1]}"], []])
        mentions += [[0, start, start + 3], [0, start, start + 3]] if match[3].startswith("rfl") else []
        named.append((f"N.{match[1]}", True, line, len("theorem ")))
        if "sorry" in match[3]:
            messages.append([False, line, 8, sorry])
        if "error" in match[3]:
            messages.append([True, line, 8, "type mismatch\nlong"])
    premises = [
        [0, name, "theorem", ": p", None, [line, 0, line, 9], [], None, [], ["used"]] for name, _, line, _ in named
    ]
    imports = [*(["Init"] * (1 + source.startswith("module\n"))), *_IMPORT.findall(source)]
    constants = [["Eq.refl", "Init.Core", [7, 2, 7, 9]]]
    return _message(nonce, "", imports, proofs, steps, [], mentions, constants, named, premises, messages)


def _message(*parts: object) -> str:
    return json.dumps(parts, ensure_ascii=False, separators=(",", ":"))
