"""Questions to an engine, written as text with `$0` for the cursor, whose answers are recorded from a real Lean.

Replay tests and live tests ask the same; `support.record` makes the recording.
"""

import json
from pathlib import Path

from attrs import frozen

from lean_sidekick.core.budget import Budget
from lean_sidekick.core.errors import SidekickError
from lean_sidekick.core.positions import TextMap
from lean_sidekick.engine.api import DocumentText, Engine, SuggestionRound

ENDLESS = "never_ends"
"""The declaration of the editor tests whose search does not end where answers come from a recording."""
SUGGEST_CHECKS = 200
"""More than there are candidates at one place: where none of them closes the goal, a search goes on for the rest."""
_EDITOR_TEXTS = Path(__file__).resolve().parents[1] / "editors" / "texts.json"


@frozen(kw_only=True)
class Scenario:
    """A file with a cursor; `wish` is "suggest", "prove" or "use", which asks for the uses of `premise`."""

    name: str
    wish: str
    text: str
    premise: str = ""


def editor_texts() -> dict[str, str]:
    """The texts that the tests in real editors open, by name."""
    found: dict[str, str] = json.loads(_EDITOR_TEXTS.read_text(encoding="utf-8"))
    return found


SCENARIOS = (
    Scenario(
        name="a sorry tactic",
        wish="suggest",
        text="theorem a (p q : Prop) (hp : p) (hq : q) : p ∧ q := by\n  $0sorry\n",
    ),
    Scenario(
        name="an empty by",
        wish="suggest",
        text="theorem a (p q : Prop) (h : p ∧ q) : q := by$0\n",
    ),
    Scenario(
        name="a sorry term",
        wish="prove",
        text="theorem a (p q : Prop) (h : p ∧ q) : q :=\n  $0sorry\n",
    ),
    Scenario(
        name="an unfinished block with two goals",
        wish="suggest",
        text="theorem a (p q : Prop) (hp : p) (hq : q) : p ∧ q := by\n  apply And.intro$0\n",
    ),
    Scenario(
        name="an unfinished block is completed",
        wish="prove",
        text="theorem a (p q : Prop) (hp : p) (hq : q) : p ∧ q := by\n  apply And.intro$0\n",
    ),
    Scenario(
        name="a hole under a bullet",
        wish="prove",
        text=(
            "theorem a (p q r : Prop) (hp : p) (hr : r) : (p ∨ q) ∧ r := by\n  constructor\n  · $0sorry\n  · exact hr\n"
        ),
    ),
    Scenario(
        name="an alternative of an induction",
        wish="prove",
        text=("theorem a (n : Nat) : 0 + n = n := by\n  induction n with\n  | zero => rfl\n  | succ n ih => $0sorry\n"),
    ),
    Scenario(
        name="names outside the basic plane, and text that looks like a hole",
        wish="prove",
        text=(
            '-- a sorry in a comment 𝔸\ndef motto : String := "sorry"\n\n'
            "theorem 𝔸 (𝔭 𝔮 : Prop) (h𝔭 : 𝔭) : 𝔭 ∨ 𝔮 := by\n  $0sorry\n\n#check 𝔸\n"
        ),
    ),
    Scenario(
        name="two holes of one declaration",
        wish="prove",
        text=(
            "theorem a (p q : Prop) (hp : p) (hq : q) : p ∧ q := by\n  apply And.intro\n  { $0admit }\n  { admit }\n"
        ),
    ),
    Scenario(
        name="nothing can be proved",
        wish="suggest",
        text="theorem a (p : Prop) : p := by\n  $0sorry\n",
    ),
    Scenario(
        name="a proof that takes two steps",
        wish="suggest",
        text=(
            "theorem a (n m : Nat) (h : n = m) (p : Nat → Prop) (hp : p n ∨ p (n + 1)) : p (m + 1) ∨ p m := by\n"
            "  $0sorry\n"
        ),
    ),
    Scenario(
        name="an error above the hole",
        wish="suggest",
        text="theorem a (p : Prop) (hp : p) : p := by\n  have h := nonsense\n  $0sorry\n",
    ),
    Scenario(
        name="a lemma of the open file",
        wish="suggest",
        text=(
            "theorem helper (f : Nat → Nat) (h : ∀ x, f (f x) = x) : f (f (f 0)) = f 0 := h (f 0)\n\n"
            "theorem a (f : Nat → Nat) (h : ∀ x, f (f x) = x) : f (f (f 0)) = f 0 := by\n  $0sorry\n"
        ),
    ),
    Scenario(
        name="the proof would need a sorry of somebody else",
        wish="prove",
        text=(
            "theorem helper (f : Nat → Nat) : f 0 = f 1 := sorry\n\n"
            "theorem a (f : Nat → Nat) : f 0 = f 1 := by\n  $0sorry\n"
        ),
    ),
    Scenario(
        name="a cursor outside of any proof",
        wish="suggest",
        text="def two : Nat := 1 $0+ 1\n",
    ),
    *(
        Scenario(name=f"in an editor: {wish} at {name}", wish=wish, text=text)
        for name, text in editor_texts().items()
        for wish in ("suggest", "prove")
        if ENDLESS not in text or wish == "suggest"
    ),
    Scenario(
        name="in an editor: a use of a lemma of the open file",
        wish="use",
        text=editor_texts()["premises"],
        premise="swap_and",
    ),
)


def standing() -> float:
    """A clock that stands still: what is asked must not depend on how busy the machine was that recorded it."""
    return 0.0


def document_of(scenario: Scenario) -> tuple[DocumentText, int]:
    """The document without the mark, and the offset of the cursor."""
    offset = scenario.text.index("$0")
    text = scenario.text.replace("$0", "")
    return DocumentText(uri="file:///project/Scenario.lean", version=1, text=text), offset


async def ask(scenario: Scenario, engine: Engine) -> str:
    """The answer as text: the best suggestions, the proof, or the sentence of an error."""
    document, offset = document_of(scenario)
    position = TextMap(document.text).position(offset)
    checks = SUGGEST_CHECKS if scenario.wish == "suggest" else 1_000
    budget = Budget(seconds=20.0, checks=checks, clock=standing)
    try:
        if scenario.wish == "prove":
            result = await engine.prove_at(document, position, budget, lambda _: None)
            return f"{result.status.value}\n{result.proof or result.message}"
        last: SuggestionRound | None = None
        if scenario.wish == "use":
            last = await engine.premise_uses(document, position, scenario.premise, budget)
        else:
            async for round_ in engine.suggest(document, position, budget):
                last = round_
        assert last is not None
    except SidekickError as error:
        return f"{type(error).__name__}: {error}"
    lines = [f"{s.candidate.text}  -- {s.effect}" for s in last.suggestions[:3]]
    return "\n".join([*([f"warning: {last.warning}"] if last.warning else []), *lines]) or "no suggestion"
