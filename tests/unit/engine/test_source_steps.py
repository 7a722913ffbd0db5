"""Imported files give the first steps of proofs and the proofs as a whole, nearest files first."""

import os
from pathlib import Path

import pytest

from lean_sidekick.core.statement_goals import statement_goal
from lean_sidekick.core.steps import StepOrigin
from lean_sidekick.engine.learning import Learner
from lean_sidekick.engine.source_steps import FILE_SIZE, SourceSteps, first_steps

FILE = """\
theorem by_tactics (a b : Nat) (h : a = b) : b = a := by
  cases h -- both are the same
  rfl
theorem by_term {p q : Prop} (h : p ∧ q) : p := h.1
def no_theorem : Nat := 3
theorem unfinished : True := by sorry
lemma by_cases_on : ∀ n : Nat, n = n
  | 0 => rfl
  | n + 1 => rfl
"""


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        ("(a b : Nat) (h : a = b) : b = a", "a b : Nat\nh : a = b\n⊢ b = a"),
        ("{α : Type} [inst : Add α] (f : α → (α → α)) : f = f", "α : Type\nf : α → (α → α)\n⊢ f = f"),
        (": True", "⊢ True"),
        ("(n : Nat := 0) : n = n", "n : Nat\n⊢ n = n"),
        ("(a : Nat : b", None),
        ("(a b : Nat)", None),
        ("", None),
    ],
)
def test_the_goal_of_a_statement(statement: str, expected: str | None) -> None:
    goal = statement_goal(statement)
    assert (goal.text if goal is not None else None) == expected


def test_the_first_step_and_the_whole_of_each_theorem_that_is_proved_by_tactics_or_by_a_term() -> None:
    steps = list(first_steps(FILE, "file:///A.lean"))
    assert [(step.declaration, step.tactic, step.goal.target) for step in steps] == [
        ("file:///A.lean#by_tactics", "cases h", "b = a"),
        ("file:///A.lean#by_tactics", "cases h\nrfl", "b = a"),
        ("file:///A.lean#by_term", "exact h.1", "p"),
    ]
    assert {step.origin for step in steps} == {StepOrigin.SOURCE}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "lakefile.toml").write_text('name = "p"\n')
    package = tmp_path / ".lake" / "packages" / "dep"
    (package / "Dep").mkdir(parents=True)
    (tmp_path / "Near.lean").write_text("import Dep.Far\n" + FILE, encoding="utf-8")
    (package / "Dep" / "Far.lean").write_text("import Near\ntheorem far : True := trivial\n", encoding="utf-8")
    return tmp_path


def reader(project: Path) -> SourceSteps:
    return SourceSteps(root=project, environment={})


def test_imports_of_the_project_and_its_packages_are_read_nearest_first_and_once(project: Path) -> None:
    source = reader(project)
    files = source.unread("import Near\nimport Missing\n")
    assert [file.name for file in files] == ["Near.lean", "Far.lean"]
    tactics = [step.tactic for file in files for step in source.steps(file)]
    assert tactics == ["cases h", "cases h\nrfl", "exact h.1", "exact trivial"]
    assert source.unread("import Near\n") == []
    os.utime(project / "Near.lean", ns=(1, 1))
    assert [file.name for file in source.unread("import Near\n")] == ["Near.lean"]


def test_what_cannot_be_read_is_passed_over(project: Path) -> None:
    source = reader(project)
    assert source.steps(project / "gone.lean") == []
    (project / "Near.lean").write_text("-" * (FILE_SIZE + 1))
    assert source.steps(project / "Near.lean") == []
    (project / "Near.lean").write_bytes(b"theorem t : \xff := by\n  simp\n")
    assert [step.tactic for step in source.steps(project / "Near.lean")] == ["simp"]


async def test_a_learner_reads_them_and_keeps_them_off_the_disk(project: Path) -> None:
    from test_learning import Answering

    from lean_sidekick.engine.api import DocumentText

    memory = Learner(project="p", store=None, sources=reader(project))
    document = DocumentText(uri=(project / "A.lean").as_uri(), version=1, text="import Near\n")
    assert await memory.read(document, Answering(None)) == 4
    assert await memory.read(document, Answering(None)) == 0
    assert len(memory.index) == 4
