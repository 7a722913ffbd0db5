"""Replaying steps: where the probe stands, which states are the same, and that silence is never agreement."""

import pytest
from attrs import define, evolve, field

from lean_sidekick.core.errors import TimedOut
from lean_sidekick.core.goals import Goal, parse_goals
from lean_sidekick.core.positions import Position
from lean_sidekick.evaluation.extraction.replay import Replayed, Replayer, cut_behind, is_same_state
from lean_sidekick.evaluation.extraction.traced import SourcePoint, TracedStep, TracedTheorem
from support.fake_documents import FakeDocument, FakeServer

TEXT = """\
theorem α (p : Prop) (h : p) : p ∧ p := by
  constructor
  · exact h
  · intro; exact h; done
theorem later : True := trivial
"""


def point(text: str, *, end: bool = False) -> SourcePoint:
    offset = TEXT.index(text) + (len(text) if end else 0)
    line = TEXT.count("\n", 0, offset) + 1
    return SourcePoint(line, offset - (TEXT.rfind("\n", 0, offset) + 1) + 1)


def step(text: str, before: str = "⊢ p", after: str = "no goals") -> TracedStep:
    return TracedStep(
        tactic=text,
        start=point(text),
        end=point(text, end=True),
        state_before=before,
        state_after=after,
        premises=(),
    )


THEOREM = TracedTheorem(
    full_name="α",
    path="A.lean",
    start=SourcePoint(1, 1),
    end=point("; done", end=True),
    statement="",
    steps=(),
    uses=(),
    is_complete=True,
)


@pytest.mark.parametrize(
    ("tactic", "expected"),
    [
        ("constructor", "\n  constructor\n  skip\n  · exact h\n"),
        ("· exact h", "\n  · exact h\n  skip\n  · intro;"),
        ("exact h", "· exact h\n    skip\n  · intro;"),
        ("intro", "· intro; skip; exact h; done\n"),
        ("done", "exact h; done; skip\n"),
    ],
)
def test_the_probe_stands_in_the_block_of_the_step(tactic: str, expected: str) -> None:
    text, probe = cut_behind(TEXT, THEOREM, step(tactic))
    assert expected in text
    assert text[probe:].startswith("skip")
    assert text.endswith("done\n") or text.endswith("skip\n"), "what follows the theorem is cut off"


@pytest.mark.parametrize(
    ("traced", "told", "is_same"),
    [
        ("no goals", [], True),
        ("no goals", ["⊢ p"], False),
        ("a b : N\n⊢ p", ["a b : N\n⊢ p"], True),
        ("a b : N\n⊢ p", ["b a : N\n⊢ p"], False),
        ("a b : N\n⊢ p", ["a : N\nx✝ : M\nb : N\n⊢ p"], True),
        ("case x\n⊢ p", ["⊢ p"], False),
        ("case x\n⊢ p\n\n⊢ q", ["case x\n⊢ p", "⊢ q"], True),
        ("⊢ p\n\n⊢ q", ["⊢ q", "⊢ p"], False),
        ("⊢ p", ["⊢ p", "⊢ p"], False),
        (" : P a✝¹\n⊢ p", ["a✝ : N\nh✝ : P a✝\n⊢ p"], True),
        (" : P a✝¹\n⊢ p", ["a✝ : N\n⊢ p"], False),
        (" : p\n⊢ p", ["d✝ : p := proof\n⊢ p"], True),
        ("h : p\n⊢ p", ["h✝ : p\n⊢ p"], False),
        ("h : P ?m.12\n⊢ ?m.12 = ?x", ["h : P ?m.7\n⊢ ?m.7 = ?x"], True),
        ("h :\n  P\n    Q\n⊢ p", ["h :\n  P\n    Q\n⊢ p"], True),
        ("⊢ p\n  q", ["⊢ p\n  r"], False),
    ],
)
def test_which_states_are_the_same(traced: str, told: list[str], is_same: bool) -> None:
    assert is_same_state(traced, parse_goals(told)) == is_same


@define
class ToldDocument(FakeDocument):
    """Tells goals by whether the line asked about has the probe."""

    async def plain_goal(self, position: Position, timeout_s: float) -> tuple[Goal, ...] | None:
        is_after = "skip" in self.text.split("\n")[position.line][position.character :][:4]
        told = TOLD["after" if is_after else "before"]
        if told == "late":
            raise TimedOut("Lean did not answer.")
        return None if told is None else parse_goals([told] if told else [])


@define
class ToldServer(FakeServer):
    opened: list[str] = field(factory=list)

    async def open(self, uri: str, text: str) -> FakeDocument:
        self.opened.append(uri)
        return ToldDocument(uri, text, self)


TOLD: dict[str, str | None] = {}


@pytest.mark.parametrize(
    ("before", "after", "outcome"),
    [
        ("⊢ p", "", Replayed.SAME),
        ("⊢ q", "", Replayed.OTHER_BEFORE),
        ("⊢ p", "⊢ p", Replayed.OTHER_AFTER),
        (None, "", Replayed.OTHER_BEFORE),
        ("⊢ p", None, Replayed.OTHER_AFTER),
        ("late", "", Replayed.NOT_RUN),
        ("⊢ p", "late", Replayed.NOT_RUN),
    ],
)
async def test_only_both_states_as_traced_are_agreement(
    before: str | None, after: str | None, outcome: Replayed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(TOLD, "before", before)
    monkeypatch.setitem(TOLD, "after", after)
    server = ToldServer(lambda text: [])
    replayer = Replayer(server=server)
    traced = step("exact h")
    assert (await replayer.run("file:///A.lean", TEXT, THEOREM, traced)).outcome is outcome
    await replayer.run("file:///A.lean", TEXT, THEOREM, evolve(traced))
    await replayer.run("file:///B.lean", TEXT, THEOREM, traced)
    await replayer.close()
    assert server.opened == ["file:///A.lean", "file:///B.lean"], "one document a file, one at a time"
    assert server.closed == 2
